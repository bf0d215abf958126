#ifndef CNIVPC_APPLETS_VPCSIM_MODEL_H_
#define CNIVPC_APPLETS_VPCSIM_MODEL_H_

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"

// What the simulated cloud consists of. Shares no code with vpc/ucloud, the
// client it is there to try.
namespace applets::vpcsim {

// Why the cloud refuses a call: a RetCode of its API (ret_code.h), and the
// message.
struct Refusal {
  int ret_code = 0;
  std::string message = {};

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// What a call gives, or why not.
template <typename T>
using Result = std::variant<T, Refusal>;

struct Vpc {
  std::string id = {};  // uvnet-...
  std::string name = {};

  friend bool operator==(const Vpc&, const Vpc&) = default;
};

struct Subnet {
  std::string id = {};  // subnet-...
  std::string vpc = {};
  std::string name = {};
  std::string zone = {};
  base::Ipv4Prefix prefix = {};
  base::Ipv4 gateway = {};  // the second address of the prefix

  friend bool operator==(const Subnet&, const Subnet&) = default;
};

// A security group of an interface, and which comes first.
struct SecurityGroup {
  std::string id = {};  // secgroup-...
  int priority = 1;     // 1 to 5

  friend bool operator==(const SecurityGroup&, const SecurityGroup&) = default;
};

// A network interface (uni-...). The default one of a host lives and dies with
// it.
struct Interface {
  std::string id = {};
  base::Mac mac = {};
  std::string subnet = {};
  std::string name = {};
  std::string host = {};  // "" when it is attached to none
  bool is_default = false;
  base::Ipv4 primary = {};
  // The link at whose other end the host's interface is (fabric); "" if none.
  std::string port = {};
  // Kept and shown; they let everything through.
  std::vector<SecurityGroup> security_groups = {};

  friend bool operator==(const Interface&, const Interface&) = default;
};

struct Host {
  std::string id = {};  // uhost-..., or upm-... on bare metal
  std::string name = {};
  std::string zone = {};
  bool bare_metal = false;
  // An older node, whose metadata lacks `default` and `id` of interfaces.
  bool old_metadata = false;
  // NetFeatureTag: "SecGroup" where interfaces need security groups.
  std::string net_feature = {};
  // The role whose temporary credentials its metadata gives; "" for none.
  std::string role = "Uk8sServiceCharacter";
  // Its network namespace (fabric), where interfaces that are attached to it
  // are plugged in: /run/netns/x or /proc/PID/ns/net; "" if none.
  std::string netns = {};

  friend bool operator==(const Host&, const Host&) = default;
};

struct Quotas {
  size_t secondary_per_interface = 256;
  size_t interfaces_per_host = 8;

  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// How AllocateBatchSecondaryIp answers; the reference has both.
enum class BatchShape {
  kReference,  // IpsInfo[], Status {}, SubnetId
  kExample,    // IpInfo[], Status [{}], SubnetworkId
};

struct Settings {
  std::string region = "cn-bj2";
  std::vector<std::string> zones = {"cn-bj2-04"};
  std::string project = {};  // the one calls may name; "" for any
  Quotas quotas = {};
  BatchShape batch_shape = BatchShape::kReference;

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_MODEL_H_
