#include "vpc/ucloud/answers.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

using base::Ipv4;
using base::Ipv4Prefix;
using base::Json;
using base::Mac;

// A member that is there and not "": the API often says "" for none.
std::optional<Json> Given(const Json& object, absl::string_view key) {
  std::optional<Json> member = object.Find(key);
  if (member && member->IsString() && member->raw().GetStringLength() == 0) {
    return std::nullopt;
  }
  return member;
}

// The first of two names under which something may stand.
std::optional<Json> Either(const Json& object, absl::string_view key,
                           absl::string_view other) {
  std::optional<Json> member = Given(object, key);
  return member ? member : Given(object, other);
}

absl::StatusOr<std::string> StringOf(const std::optional<Json>& json) {
  if (!json) return std::string();
  return json->AsString();
}

absl::StatusOr<Ipv4> AddressOf(const Json& json) {
  ASSIGN_OR_RETURN(const std::string text, json.AsString());
  absl::StatusOr<Ipv4> address = Ipv4::Parse(text);
  if (!address.ok()) return json.Error("not an IPv4 address");
  return address;
}

absl::StatusOr<Mac> MacOf(const Json& json) {
  ASSIGN_OR_RETURN(const std::string text, json.AsString());
  absl::StatusOr<Mac> mac = Mac::Parse(text);
  if (!mac.ok()) return json.Error("not a MAC address");
  return mac;
}

absl::StatusOr<std::optional<Ipv4>> FindAddress(const Json& object,
                                                absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return std::nullopt;
  ASSIGN_OR_RETURN(const Ipv4 address, AddressOf(*member));
  return address;
}

absl::StatusOr<std::optional<Mac>> FindMac(const Json& object,
                                           absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return std::nullopt;
  ASSIGN_OR_RETURN(const Mac mac, MacOf(*member));
  return mac;
}

absl::StatusOr<std::optional<int64_t>> FindInt(const Json& object,
                                               absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return std::nullopt;
  ASSIGN_OR_RETURN(const int64_t number, member->AsInt());
  return number;
}

// `text` as "16" or "255.255.0.0"; nullopt if it is neither.
std::optional<int> ParseMask(absl::string_view text) {
  int length = 0;
  if (absl::SimpleAtoi(text, &length)) {
    return length >= 0 && length <= 32 ? std::optional(length) : std::nullopt;
  }
  const absl::StatusOr<Ipv4> mask = Ipv4::Parse(text);
  if (!mask.ok()) return std::nullopt;
  for (length = 0; length <= 32; ++length) {
    // The last address of 0.0.0.0/length has the mask's zeros.
    const Ipv4 hosts = Ipv4Prefix::Containing(Ipv4(), length).last();
    if (hosts.bits() == ~mask->bits()) return length;
  }
  return std::nullopt;
}

absl::StatusOr<int> MaskOf(const Json& json) {
  std::string text;
  if (json.IsString()) {
    ASSIGN_OR_RETURN(text, json.AsString());
  } else {
    ASSIGN_OR_RETURN(const int64_t number, json.AsInt());
    text = absl::StrCat(number);
  }
  const std::optional<int> length = ParseMask(text);
  if (!length) return json.Error("not a netmask");
  return *length;
}

absl::StatusOr<std::optional<int>> FindMask(const Json& object,
                                            absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return std::nullopt;
  ASSIGN_OR_RETURN(const int length, MaskOf(*member));
  return length;
}

// true, "true", 1.
absl::StatusOr<bool> FindTruth(const Json& object, absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return false;
  if (member->raw().IsInt64()) return member->raw().GetInt64() != 0;
  if (!member->IsString()) return member->AsBool();
  ASSIGN_OR_RETURN(const std::string text, member->AsString());
  return absl::EqualsIgnoreCase(text, "true");
}

// The elements of the array `key`, each read by `read`.
template <typename T>
absl::StatusOr<std::vector<T>> ListOf(const Json& object, absl::string_view key,
                                      absl::StatusOr<T> (*read)(const Json&)) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, object.Array(key));
  std::vector<T> list;
  list.reserve(elements.size());
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(T item, read(element));
    list.push_back(std::move(item));
  }
  return list;
}

// The same of a whole answer, which must have it: a list that isn't there might
// stand under another name. null is an empty one.
template <typename T>
absl::StatusOr<std::vector<T>> SetOf(const Json& answer, absl::string_view key,
                                     absl::StatusOr<T> (*read)(const Json&)) {
  RETURN_IF_ERROR(answer.MustBeObject());
  if (!answer.raw().HasMember(std::string(key).c_str()) &&
      answer.Int("TotalCount", 1).value_or(1) != 0) {
    return answer.Error(absl::StrCat("has no ", key));
  }
  return ListOf(answer, key, read);
}

// IPv6 addresses are left out.
absl::StatusOr<std::vector<Ipv4>> AddressesOf(const Json& object,
                                              absl::string_view key) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, object.Array(key));
  std::vector<Ipv4> addresses;
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(const std::string text, element.AsString());
    if (absl::StrContains(text, ':')) continue;
    ASSIGN_OR_RETURN(const Ipv4 address, AddressOf(element));
    addresses.push_back(address);
  }
  return addresses;
}

absl::StatusOr<IpInfo> ReadIp(const Json& json) {
  IpInfo info;
  ASSIGN_OR_RETURN(const Json ip, json.Get("Ip"));
  ASSIGN_OR_RETURN(info.ip, AddressOf(ip));
  ASSIGN_OR_RETURN(info.prefix_length, FindMask(json, "Mask"));
  ASSIGN_OR_RETURN(info.gateway, FindAddress(json, "Gateway"));
  ASSIGN_OR_RETURN(info.mac, FindMac(json, "Mac"));
  ASSIGN_OR_RETURN(info.subnet_id,
                   StringOf(Either(json, "SubnetId", "SubnetworkId")));
  ASSIGN_OR_RETURN(info.vpc_id, StringOf(Either(json, "VPCId", "VpcId")));
  return info;
}

// An address, or a block with its length.
absl::StatusOr<std::optional<Ipv4Prefix>> FindBlock(const Json& object,
                                                    absl::string_view key) {
  const std::optional<Json> member = Given(object, key);
  if (!member) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string text, member->AsString());
  if (absl::StrContains(text, '/')) {
    const absl::StatusOr<Ipv4Prefix> block = Ipv4Prefix::Parse(text);
    if (!block.ok()) return member->Error("not an IPv4 address or block");
    return *block;
  }
  ASSIGN_OR_RETURN(const Ipv4 address, AddressOf(*member));
  return Ipv4Prefix::Containing(address, 32);
}

// Status is {StatusCode, Message}, or an array with that in it.
absl::Status ReadItemStatus(const Json& json, BatchItem& item) {
  ASSIGN_OR_RETURN(Json status, json.Get("Status"));
  if (status.IsArray()) {
    ASSIGN_OR_RETURN(const std::vector<Json> elements, status.AsArray());
    if (elements.size() != 1) return status.Error("must have one element");
    status = elements[0];
  }
  ASSIGN_OR_RETURN(const std::string code, status.String("StatusCode"));
  ASSIGN_OR_RETURN(item.message, status.String("Message", ""));
  item.succeeded = code == "Succeeded";
  if (!item.succeeded && code != "Failed") {
    return status.Error("StatusCode is neither Succeeded nor Failed");
  }
  return absl::OkStatus();
}

absl::StatusOr<BatchItem> ReadBatchItem(const Json& json) {
  BatchItem item;
  RETURN_IF_ERROR(ReadItemStatus(json, item));
  ASSIGN_OR_RETURN(item.addresses, FindBlock(json, "Ip"));
  if (item.succeeded && !item.addresses) {
    return json.Error("succeeded, but has no Ip");
  }
  ASSIGN_OR_RETURN(item.mac, FindMac(json, "Mac"));
  ASSIGN_OR_RETURN(item.subnet_id,
                   StringOf(Either(json, "SubnetId", "SubnetworkId")));
  ASSIGN_OR_RETURN(item.vpc_id, StringOf(Either(json, "VPCId", "VpcId")));
  return item;
}

// "10.9.0.0" with its Netmask, or "10.9.0.0/16".
absl::StatusOr<Ipv4Prefix> ReadPrefix(const Json& json) {
  ASSIGN_OR_RETURN(const Json subnet, json.Get("Subnet"));
  ASSIGN_OR_RETURN(const std::string text, subnet.AsString());
  std::string prefix = text;
  if (!absl::StrContains(text, '/')) {
    ASSIGN_OR_RETURN(const Json netmask, json.Get("Netmask"));
    ASSIGN_OR_RETURN(const int length, MaskOf(netmask));
    absl::StrAppend(&prefix, "/", length);
  }
  absl::StatusOr<Ipv4Prefix> parsed = Ipv4Prefix::Parse(prefix);
  if (!parsed.ok()) return subnet.Error("not an IPv4 prefix");
  return parsed;
}

absl::StatusOr<SubnetInfo> ReadSubnet(const Json& json) {
  SubnetInfo info;
  ASSIGN_OR_RETURN(const Json id, json.Get("SubnetId"));
  ASSIGN_OR_RETURN(info.subnet_id, id.AsString());
  ASSIGN_OR_RETURN(info.vpc_id, StringOf(Either(json, "VPCId", "VpcId")));
  ASSIGN_OR_RETURN(info.name, json.String("SubnetName", ""));
  ASSIGN_OR_RETURN(info.zone, json.String("Zone", ""));
  ASSIGN_OR_RETURN(info.prefix, ReadPrefix(json));
  ASSIGN_OR_RETURN(info.gateway, FindAddress(json, "Gateway"));
  ASSIGN_OR_RETURN(info.available_ips, FindInt(json, "AvailableIPs"));
  return info;
}

// PrivateIp: [{"IpAddr": [...], "IpType": "SecondaryIp" | "PrimaryIp"}].
absl::Status ReadSecondaryIps(const Json& json, InterfaceInfo& info) {
  ASSIGN_OR_RETURN(const std::vector<Json> groups, json.Array("PrivateIp"));
  for (const Json& group : groups) {
    ASSIGN_OR_RETURN(const std::string type, group.String("IpType", ""));
    if (type != "SecondaryIp") continue;
    ASSIGN_OR_RETURN(const std::vector<Ipv4> ips, AddressesOf(group, "IpAddr"));
    info.secondary_ips.insert(info.secondary_ips.end(), ips.begin(), ips.end());
  }
  return absl::OkStatus();
}

absl::Status ReadQuota(const Json& json, InterfaceInfo& info) {
  const std::optional<Json> limit = Given(json, "PrivateIpLimit");
  if (!limit) return absl::OkStatus();
  ASSIGN_OR_RETURN(info.ip_quota, FindInt(*limit, "PrivateIpQuota"));
  ASSIGN_OR_RETURN(info.ip_count, FindInt(*limit, "PrivateIpCount"));
  return absl::OkStatus();
}

absl::StatusOr<InterfaceInfo> ReadInterface(const Json& json) {
  InterfaceInfo info;
  ASSIGN_OR_RETURN(info.interface_id, json.String("InterfaceId"));
  ASSIGN_OR_RETURN(info.name, json.String("Name", ""));
  ASSIGN_OR_RETURN(const Json mac, json.Get("MacAddress"));
  ASSIGN_OR_RETURN(info.mac, MacOf(mac));
  ASSIGN_OR_RETURN(info.primary_ips, AddressesOf(json, "PrivateIpSet"));
  RETURN_IF_ERROR(ReadSecondaryIps(json, info));
  RETURN_IF_ERROR(ReadQuota(json, info));
  ASSIGN_OR_RETURN(info.prefix_length, FindMask(json, "Netmask"));
  ASSIGN_OR_RETURN(info.gateway, FindAddress(json, "Gateway"));
  ASSIGN_OR_RETURN(info.subnet_id, json.String("SubnetId", ""));
  ASSIGN_OR_RETURN(info.vpc_id, StringOf(Either(json, "VPCId", "VpcId")));
  ASSIGN_OR_RETURN(info.attached_to, json.String("AttachInstanceId", ""));
  ASSIGN_OR_RETURN(info.is_default, FindTruth(json, "Default"));
  return info;
}

absl::StatusOr<HostAddress> ReadHostAddress(const Json& json) {
  HostAddress address;
  ASSIGN_OR_RETURN(address.ip, json.String("IP"));
  ASSIGN_OR_RETURN(address.type, json.String("Type", ""));
  ASSIGN_OR_RETURN(address.mac, FindMac(json, "Mac"));
  ASSIGN_OR_RETURN(address.interface_id, json.String("NetworkInterfaceId", ""));
  ASSIGN_OR_RETURN(address.subnet_id, json.String("SubnetId", ""));
  ASSIGN_OR_RETURN(address.vpc_id, StringOf(Either(json, "VPCId", "VpcId")));
  ASSIGN_OR_RETURN(address.is_default, FindTruth(json, "Default"));
  return address;
}

absl::StatusOr<HostInfo> ReadHost(const Json& json) {
  HostInfo host;
  ASSIGN_OR_RETURN(host.host_id, json.String("UHostId"));
  ASSIGN_OR_RETURN(host.name, json.String("Name", ""));
  ASSIGN_OR_RETURN(host.zone, json.String("Zone", ""));
  ASSIGN_OR_RETURN(host.state, json.String("State", ""));
  ASSIGN_OR_RETURN(host.net_feature_tag, json.String("NetFeatureTag", ""));
  ASSIGN_OR_RETURN(host.addresses, ListOf(json, "IPSet", ReadHostAddress));
  return host;
}

// TotalCount, or how many there are.
absl::StatusOr<int64_t> TotalOf(const Json& answer, size_t listed) {
  return answer.Int("TotalCount", static_cast<int64_t>(listed));
}

}  // namespace

absl::StatusOr<IpAnswer> DecodeIp(const Json& answer) {
  std::optional<Json> info = Either(answer, "IpInfo", "IpsInfo");
  if (!info) return answer.Error("has no IpInfo");
  IpAnswer decoded;
  ASSIGN_OR_RETURN(decoded.ip, ReadIp(*info));
  return decoded;
}

absl::StatusOr<BatchAnswer> DecodeBatch(const Json& answer) {
  const absl::string_view key = answer.Find("IpsInfo") ? "IpsInfo" : "IpInfo";
  if (!answer.Find(key)) return answer.Error("has no IpsInfo");
  BatchAnswer decoded;
  ASSIGN_OR_RETURN(decoded.items, ListOf(answer, key, ReadBatchItem));
  return decoded;
}

absl::StatusOr<IpsAnswer> DecodeIps(const Json& answer) {
  IpsAnswer decoded;
  ASSIGN_OR_RETURN(decoded.ips, SetOf(answer, "DataSet", ReadIp));
  return decoded;
}

absl::StatusOr<SubnetsAnswer> DecodeSubnets(const Json& answer) {
  SubnetsAnswer decoded;
  ASSIGN_OR_RETURN(decoded.subnets, SetOf(answer, "DataSet", ReadSubnet));
  ASSIGN_OR_RETURN(decoded.total, TotalOf(answer, decoded.subnets.size()));
  return decoded;
}

absl::StatusOr<InterfaceAnswer> DecodeInterface(const Json& answer) {
  ASSIGN_OR_RETURN(const Json interface, answer.Get("NetworkInterface"));
  InterfaceAnswer decoded;
  ASSIGN_OR_RETURN(decoded.interface, ReadInterface(interface));
  return decoded;
}

absl::StatusOr<InterfacesAnswer> DecodeInterfaces(const Json& answer) {
  InterfacesAnswer decoded;
  ASSIGN_OR_RETURN(decoded.interfaces,
                   SetOf(answer, "NetworkInterfaceSet", ReadInterface));
  ASSIGN_OR_RETURN(decoded.total, TotalOf(answer, decoded.interfaces.size()));
  return decoded;
}

absl::StatusOr<HostsAnswer> DecodeHosts(const Json& answer) {
  HostsAnswer decoded;
  ASSIGN_OR_RETURN(decoded.hosts, SetOf(answer, "UHostSet", ReadHost));
  ASSIGN_OR_RETURN(decoded.total, TotalOf(answer, decoded.hosts.size()));
  return decoded;
}

}  // namespace vpc::ucloud
