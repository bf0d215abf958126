#include "vpc/ucloud/metadata.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

// The members that describe the host.
constexpr char kCloudHost[] = "uhost";
constexpr char kBareMetal[] = "uphost";

absl::StatusOr<std::string> NonEmpty(const base::Json& json,
                                     absl::string_view key) {
  ASSIGN_OR_RETURN(const base::Json member, json.Get(key));
  ASSIGN_OR_RETURN(std::string value, member.AsString());
  if (value.empty()) return member.Error("empty");
  return value;
}

// UCloud's API writes booleans as strings in places; so might the metadata.
absl::StatusOr<bool> Flag(const base::Json& json, absl::string_view key) {
  const std::optional<base::Json> member = json.Find(key);
  if (!member) return false;
  if (!member->IsString()) return member->AsBool();
  ASSIGN_OR_RETURN(const std::string text, member->AsString());
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (text.empty() || absl::EqualsIgnoreCase(text, "false")) return false;
  return member->Error("must be true or false");
}

// The address if it is one in the VPC: not an EIP's, which the interface
// doesn't have itself, and not IPv6.
absl::StatusOr<std::optional<base::Ipv4>> ParseAddress(const base::Json& json) {
  ASSIGN_OR_RETURN(const base::Json member, json.Get("ip-address"));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  ASSIGN_OR_RETURN(const std::string eip, json.String("ip-id", ""));
  ASSIGN_OR_RETURN(const std::string type, json.String("type", ""));
  const bool is_public = !eip.empty() || absl::EqualsIgnoreCase(type, "BGP") ||
                         absl::EqualsIgnoreCase(type, "Internation");
  if (is_public || absl::StrContains(text, ':')) return std::nullopt;
  const absl::StatusOr<base::Ipv4> address = base::Ipv4::Parse(text);
  if (!address.ok()) return member.Error("not an IPv4 address");
  return *address;
}

absl::StatusOr<base::Mac> ParseMac(const base::Json& json) {
  ASSIGN_OR_RETURN(const base::Json member, json.Get("mac"));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  const absl::StatusOr<base::Mac> mac = base::Mac::Parse(text);
  if (!mac.ok()) return member.Error("not a MAC address");
  return *mac;
}

absl::StatusOr<Interface> ParseInterface(const base::Json& json) {
  Interface interface;
  ASSIGN_OR_RETURN(interface.mac, ParseMac(json));
  ASSIGN_OR_RETURN(interface.id, json.String("id", ""));
  ASSIGN_OR_RETURN(interface.is_default, Flag(json, "default"));
  ASSIGN_OR_RETURN(interface.subnet_id, json.String("subnet-id", ""));
  ASSIGN_OR_RETURN(interface.vpc_id, json.String("vpc-id", ""));
  ASSIGN_OR_RETURN(const std::vector<base::Json> addresses, json.Array("ips"));
  for (const base::Json& item : addresses) {
    ASSIGN_OR_RETURN(const auto address, ParseAddress(item));
    if (address) interface.addresses.push_back(*address);
  }
  return interface;
}

// Which one is the default: the first that says so, or the first of all.
size_t DefaultOf(const std::vector<Interface>& interfaces) {
  const auto it = std::find_if(interfaces.begin(), interfaces.end(),
                               [](const Interface& i) { return i.is_default; });
  return it == interfaces.end() ? 0 : it - interfaces.begin();
}

// `host` is the member "uhost" or "uphost".
absl::StatusOr<std::vector<Interface>> ParseInterfaces(const base::Json& host) {
  ASSIGN_OR_RETURN(const base::Json list, host.Get("network-interfaces"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> items, list.AsArray());
  if (items.empty()) return list.Error("empty");
  std::vector<Interface> interfaces;
  for (const base::Json& item : items) {
    ASSIGN_OR_RETURN(Interface interface, ParseInterface(item));
    interfaces.push_back(std::move(interface));
  }
  const bool bare_metal = host.path() == kBareMetal;
  const size_t main = bare_metal ? 0 : DefaultOf(interfaces);
  for (size_t i = 0; i < interfaces.size(); ++i) {
    interfaces[i].is_default = i == main;
  }
  // Nothing can be allocated without knowing where.
  RETURN_IF_ERROR(NonEmpty(items[main], "subnet-id").status());
  RETURN_IF_ERROR(NonEmpty(items[main], "vpc-id").status());
  return interfaces;
}

}  // namespace

absl::StatusOr<Identity> ParseIdentity(absl::string_view document) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(document));
  Identity identity;
  ASSIGN_OR_RETURN(identity.region, NonEmpty(json, "region"));
  ASSIGN_OR_RETURN(identity.zone, NonEmpty(json, "availability-zone"));
  ASSIGN_OR_RETURN(identity.instance_id, NonEmpty(json, "instance-id"));
  identity.bare_metal = absl::StartsWith(identity.instance_id, "upm");
  ASSIGN_OR_RETURN(const base::Json host,
                   json.Get(identity.bare_metal ? kBareMetal : kCloudHost));
  RETURN_IF_ERROR(host.MustBeObject());
  ASSIGN_OR_RETURN(identity.project_id, host.String("project-id", ""));
  ASSIGN_OR_RETURN(identity.interfaces, ParseInterfaces(host));
  return identity;
}

const Interface* MainInterface(const Identity& identity) {
  for (const Interface& interface : identity.interfaces) {
    if (interface.is_default) return &interface;
  }
  return nullptr;
}

const Interface* InterfaceWith(const Identity& identity, const base::Mac& mac) {
  for (const Interface& interface : identity.interfaces) {
    if (interface.mac == mac) return &interface;
  }
  return nullptr;
}

std::string ObjectIdOf(const Identity& identity) {
  const Interface* main = MainInterface(identity);
  const bool has_id = main != nullptr && !main->id.empty();
  return has_id ? main->id : identity.instance_id;
}

}  // namespace vpc::ucloud
