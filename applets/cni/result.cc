#include "applets/cni/result.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace applets::cni {
namespace {

// What these objects have in any shape: a member of one shape must not get into
// another as somebody's extra.
constexpr absl::string_view kResultNames[] = {
    "cniVersion", "interfaces", "ip4", "ip6", "ips", "routes", "dns"};
constexpr absl::string_view kIpNames[] = {"version", "ip",        "address",
                                          "gateway", "interface", "routes"};
constexpr absl::string_view kInterfaceNames[] = {"name", "mac", "sandbox"};
constexpr absl::string_view kRouteNames[] = {"dst", "gw"};

using Names = absl::Span<const absl::string_view>;

bool IsIpv6(absl::string_view address) {
  return absl::StrContains(address, ':');
}

std::string Dump(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  value.Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

Extra ParseExtra(const base::Json& json, Names known) {
  Extra extra;
  for (const auto& member : json.raw().GetObject()) {
    const absl::string_view name(member.name.GetString(),
                                 member.name.GetStringLength());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    extra.emplace_back(name, Dump(member.value));
  }
  return extra;
}

absl::StatusOr<Interface> ParseInterface(const base::Json& json) {
  Interface interface;
  ASSIGN_OR_RETURN(interface.name, json.String("name"));
  ASSIGN_OR_RETURN(interface.mac, json.String("mac", ""));
  ASSIGN_OR_RETURN(interface.sandbox, json.String("sandbox", ""));
  interface.extra = ParseExtra(json, kInterfaceNames);
  return interface;
}

absl::StatusOr<IpConfig> ParseIpConfig(const base::Json& json) {
  IpConfig ip;
  ASSIGN_OR_RETURN(ip.address, json.String("address"));
  ASSIGN_OR_RETURN(ip.gateway, json.String("gateway", ""));
  if (json.Find("interface")) {
    ASSIGN_OR_RETURN(ip.interface, json.Int("interface"));
  }
  ip.extra = ParseExtra(json, kIpNames);
  return ip;
}

absl::StatusOr<Route> ParseRoute(const base::Json& json) {
  Route route;
  ASSIGN_OR_RETURN(route.dst, json.String("dst"));
  ASSIGN_OR_RETURN(route.gw, json.String("gw", ""));
  route.extra = ParseExtra(json, kRouteNames);
  return route;
}

template <typename T>
absl::StatusOr<std::vector<T>> ParseArray(
    const base::Json& json, absl::string_view key,
    absl::StatusOr<T> (*parse)(const base::Json&)) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> elements, json.Array(key));
  std::vector<T> values;
  for (const base::Json& element : elements) {
    RETURN_IF_ERROR(element.MustBeObject());
    ASSIGN_OR_RETURN(T value, parse(element));
    values.push_back(std::move(value));
  }
  return values;
}

absl::StatusOr<IpConfig> ParseOldIp(const base::Json& json) {
  IpConfig ip;
  ASSIGN_OR_RETURN(ip.address, json.String("ip"));
  ASSIGN_OR_RETURN(ip.gateway, json.String("gateway", ""));
  ip.extra = ParseExtra(json, kIpNames);
  return ip;
}

// The shape up to 0.2.0, without its dns.
absl::StatusOr<Result> ParseOldIps(const base::Json& json) {
  Result result;
  for (const char* key : {"ip4", "ip6"}) {
    const auto old = json.Find(key);
    if (!old) continue;
    RETURN_IF_ERROR(old->MustBeObject());
    ASSIGN_OR_RETURN(IpConfig ip, ParseOldIp(*old));
    ASSIGN_OR_RETURN(const auto routes, ParseArray(*old, "routes", ParseRoute));
    result.ips.push_back(std::move(ip));
    result.routes.insert(result.routes.end(), routes.begin(), routes.end());
  }
  return result;
}

// The shape since 0.3.0, without its dns.
absl::StatusOr<Result> ParseLists(const base::Json& json) {
  Result result;
  ASSIGN_OR_RETURN(result.interfaces,
                   ParseArray(json, "interfaces", ParseInterface));
  ASSIGN_OR_RETURN(result.ips, ParseArray(json, "ips", ParseIpConfig));
  ASSIGN_OR_RETURN(result.routes, ParseArray(json, "routes", ParseRoute));
  return result;
}

absl::StatusOr<std::string> ParseDns(const base::Json& json) {
  const auto dns = json.Find("dns");
  if (!dns) return std::string();
  RETURN_IF_ERROR(dns->MustBeObject());
  return dns->raw().ObjectEmpty() ? std::string() : dns->Dump();
}

void WriteRaw(base::JsonWriter& writer, absl::string_view key,
              absl::string_view json) {
  base::WriteKey(writer, key);
  writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

void WriteExtra(base::JsonWriter& writer, const Extra& extra) {
  for (const auto& [name, value] : extra) WriteRaw(writer, name, value);
}

void WriteUnlessEmpty(base::JsonWriter& writer, absl::string_view key,
                      absl::string_view value) {
  if (!value.empty()) base::WriteMember(writer, key, value);
}

void Write(base::JsonWriter& writer, const Interface& interface) {
  writer.StartObject();
  base::WriteMember(writer, "name", interface.name);
  WriteUnlessEmpty(writer, "mac", interface.mac);
  WriteUnlessEmpty(writer, "sandbox", interface.sandbox);
  WriteExtra(writer, interface.extra);
  writer.EndObject();
}

void Write(base::JsonWriter& writer, const IpConfig& ip, SpecVersion version) {
  writer.StartObject();
  if (version < SpecVersion::k100) {
    base::WriteMember(writer, "version", IsIpv6(ip.address) ? "6" : "4");
  }
  base::WriteMember(writer, "address", ip.address);
  WriteUnlessEmpty(writer, "gateway", ip.gateway);
  if (ip.interface) base::WriteMember(writer, "interface", *ip.interface);
  WriteExtra(writer, ip.extra);
  writer.EndObject();
}

void Write(base::JsonWriter& writer, const Route& route) {
  writer.StartObject();
  base::WriteMember(writer, "dst", route.dst);
  WriteUnlessEmpty(writer, "gw", route.gw);
  WriteExtra(writer, route.extra);
  writer.EndObject();
}

// Arrays that would be empty are left out, as the reference library does.
template <typename T, typename... Context>
void WriteArray(base::JsonWriter& writer, absl::string_view key,
                const std::vector<T>& values, Context... context) {
  if (values.empty()) return;
  base::WriteKey(writer, key);
  writer.StartArray();
  for (const T& value : values) Write(writer, value, context...);
  writer.EndArray();
}

std::vector<Route> RoutesOf(const Result& result, const IpConfig& ip) {
  std::vector<Route> routes;
  for (const Route& route : result.routes) {
    if (IsIpv6(route.dst) == IsIpv6(ip.address)) routes.push_back(route);
  }
  return routes;
}

void WriteOldIp(base::JsonWriter& writer, const Result& result,
                const IpConfig& ip) {
  base::WriteKey(writer, IsIpv6(ip.address) ? "ip6" : "ip4");
  writer.StartObject();
  base::WriteMember(writer, "ip", ip.address);
  WriteUnlessEmpty(writer, "gateway", ip.gateway);
  WriteArray(writer, "routes", RoutesOf(result, ip));
  WriteExtra(writer, ip.extra);
  writer.EndObject();
}

void WriteOldIps(base::JsonWriter& writer, const Result& result) {
  for (const bool ipv6 : {false, true}) {
    const auto first = std::find_if(
        result.ips.begin(), result.ips.end(),
        [&](const IpConfig& ip) { return IsIpv6(ip.address) == ipv6; });
    if (first != result.ips.end()) WriteOldIp(writer, result, *first);
  }
}

// The index of FindInterface's interface; as many as there are if none.
size_t IndexOf(const std::vector<Interface>& interfaces,
               absl::string_view ifname, absl::string_view netns) {
  size_t found = interfaces.size();
  for (size_t i = interfaces.size(); i-- > 0;) {
    const Interface& interface = interfaces[i];
    if (interface.name != ifname || interface.sandbox.empty()) continue;
    if (interface.sandbox == netns) return i;
    found = i;
  }
  return found;
}

}  // namespace

absl::StatusOr<Result> ParseResult(const base::Json& json) {
  RETURN_IF_ERROR(json.MustBeObject());
  const bool old = json.Find("ip4") || json.Find("ip6");
  ASSIGN_OR_RETURN(Result result, old ? ParseOldIps(json) : ParseLists(json));
  ASSIGN_OR_RETURN(result.dns, ParseDns(json));
  result.extra = ParseExtra(json, kResultNames);
  return result;
}

std::string ToJson(const Result& result, SpecVersion version) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteMember(writer, "cniVersion", ToString(version));
  if (version < SpecVersion::k030) {
    WriteOldIps(writer, result);
  } else {
    WriteArray(writer, "interfaces", result.interfaces);
    WriteArray(writer, "ips", result.ips, version);
    WriteArray(writer, "routes", result.routes);
  }
  if (!result.dns.empty()) WriteRaw(writer, "dns", result.dns);
  WriteExtra(writer, result.extra);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

Result Append(Result previous, const Attached& ours, SpecVersion version) {
  Extra mtu;
  if (version >= kFirstWithMtu) {
    mtu.emplace_back("mtu", absl::StrCat(ours.mtu_bytes));
  }
  previous.interfaces.push_back(
      {ours.host_ifname, ours.host_mac.ToString(), "", mtu});
  previous.ips.push_back({absl::StrCat(ours.address.ToString(), "/32"),
                          ours.gateway.ToString(),
                          static_cast<int64_t>(previous.interfaces.size()),
                          {}});
  previous.interfaces.push_back(
      {ours.ifname, ours.mac.ToString(), ours.netns, mtu});
  previous.routes.push_back({"0.0.0.0/0", ours.gateway.ToString(), {}});
  return previous;
}

bool Found::Has(base::Ipv4 address) const {
  return std::find(addresses.begin(), addresses.end(), address) !=
         addresses.end();
}

absl::StatusOr<Found> FindInterface(const Result& result,
                                    absl::string_view ifname,
                                    absl::string_view netns) {
  const size_t index = IndexOf(result.interfaces, ifname, netns);
  if (index == result.interfaces.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("prevResult has no interface ", ifname));
  }
  Found found;
  found.mac = result.interfaces[index].mac;
  for (const IpConfig& ip : result.ips) {
    if (ip.interface && *ip.interface != static_cast<int64_t>(index)) continue;
    const auto address =
        base::Ipv4::Parse(ip.address.substr(0, ip.address.find('/')));
    if (address.ok()) found.addresses.push_back(*address);
  }
  return found;
}

}  // namespace applets::cni
