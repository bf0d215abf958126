#ifndef CNIVPC_VPC_UCLOUD_ANSWERS_H_
#define CNIVPC_VPC_UCLOUD_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "base/json.h"

// What the API answers, read from JSON. Strings that are missing are "", lists
// empty, but not the list that was asked for. INVALID_ARGUMENT names the path
// of what is missing or wrong: `IpsInfo[2].Mac: not a MAC address`. An empty
// address counts as missing.
namespace vpc::ucloud {

// A secondary address of an interface.
struct IpInfo {
  base::Ipv4 ip = {};
  std::optional<int> prefix_length = {};  // of Mask: 255.255.0.0 is 16
  std::optional<base::Ipv4> gateway = {};
  std::optional<base::Mac> mac = {};  // of the interface that has it
  std::string subnet_id = {};         // SubnetId, or SubnetworkId
  std::string vpc_id = {};
};

// One address of a batch.
struct BatchItem {
  // The addresses: a single one has 32 bits. nullopt if none was given, when
  // `succeeded` is false.
  std::optional<base::Ipv4Prefix> addresses = {};
  std::optional<base::Mac> mac = {};
  std::string subnet_id = {};
  std::string vpc_id = {};
  bool succeeded = false;
  std::string message = {};  // why it failed
};

struct SubnetInfo {
  std::string subnet_id = {};
  std::string vpc_id = {};
  std::string name = {};
  std::string zone = {};
  // Subnet and Netmask, which is an address ("255.255.0.0") or a length ("16").
  base::Ipv4Prefix prefix = {};
  std::optional<base::Ipv4> gateway = {};
  std::optional<int64_t> available_ips = {};  // if it was asked for
};

// A network interface (UNI). Its IPv6 addresses are left out.
struct InterfaceInfo {
  std::string interface_id = {};
  std::string name = {};
  base::Mac mac = {};
  std::vector<base::Ipv4> primary_ips = {};    // PrivateIpSet
  std::vector<base::Ipv4> secondary_ips = {};  // PrivateIp, where it is told
  std::optional<int> prefix_length = {};
  std::optional<base::Ipv4> gateway = {};
  std::string subnet_id = {};
  std::string vpc_id = {};
  std::string attached_to = {};  // an instance's id; "" if it is free
  bool is_default = false;       // of that instance
  // How many addresses it may have, its own included, and how many it has.
  std::optional<int64_t> ip_quota = {};
  std::optional<int64_t> ip_count = {};
};

// An address of a UHost.
struct HostAddress {
  std::string ip = {};    // may be IPv6
  std::string type = {};  // "Private", "BGP", "Internation"…
  std::optional<base::Mac> mac = {};
  std::string interface_id = {};  // "" if it is no UNI's
  std::string subnet_id = {};
  std::string vpc_id = {};
  bool is_default = false;
};

struct HostInfo {
  std::string host_id = {};
  std::string name = {};
  std::string zone = {};
  std::string state = {};
  std::string net_feature_tag = {};
  std::vector<HostAddress> addresses = {};
};

struct NoAnswer {};

struct IpAnswer {
  IpInfo ip = {};
};
struct BatchAnswer {
  std::vector<BatchItem> items = {};  // each with its own outcome
};
struct IpsAnswer {
  std::vector<IpInfo> ips = {};
};
struct SubnetsAnswer {
  int64_t total = 0;  // may be more than these
  std::vector<SubnetInfo> subnets = {};
};
struct InterfaceAnswer {
  InterfaceInfo interface = {};
};
struct InterfacesAnswer {
  int64_t total = 0;
  std::vector<InterfaceInfo> interfaces = {};
};
struct HostsAnswer {
  int64_t total = 0;
  std::vector<HostInfo> hosts = {};
};

// Each reads a whole answer whose RetCode is 0.
absl::StatusOr<IpAnswer> DecodeIp(const base::Json& answer);
// The list stands under IpsInfo or IpInfo; an item's Status is an object or an
// array with one in it.
absl::StatusOr<BatchAnswer> DecodeBatch(const base::Json& answer);
absl::StatusOr<IpsAnswer> DecodeIps(const base::Json& answer);
absl::StatusOr<SubnetsAnswer> DecodeSubnets(const base::Json& answer);
absl::StatusOr<InterfaceAnswer> DecodeInterface(const base::Json& answer);
absl::StatusOr<InterfacesAnswer> DecodeInterfaces(const base::Json& answer);
absl::StatusOr<HostsAnswer> DecodeHosts(const base::Json& answer);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_ANSWERS_H_
