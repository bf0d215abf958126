#include "applets/vpcsim/state_file.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

using base::Json;

constexpr absl::string_view kReferenceShape = "reference";
constexpr absl::string_view kExampleShape = "example";

absl::StatusOr<base::Ipv4> ReadAddress(const Json& json) {
  ASSIGN_OR_RETURN(const std::string text, json.AsString());
  const absl::StatusOr<base::Ipv4> address = base::Ipv4::Parse(text);
  if (!address.ok()) return json.Error("not an IPv4 address");
  return *address;
}

// 0.0.0.0 when it isn't there.
absl::StatusOr<base::Ipv4> ReadAddress(const Json& json,
                                       absl::string_view key) {
  const std::optional<Json> member = json.Find(key);
  if (!member) return base::Ipv4();
  return ReadAddress(*member);
}

absl::StatusOr<base::Ipv4Prefix> ReadPrefix(const Json& json) {
  ASSIGN_OR_RETURN(const Json member, json.Get("prefix"));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  const absl::StatusOr<base::Ipv4Prefix> prefix = base::Ipv4Prefix::Parse(text);
  if (!prefix.ok()) return member.Error("not an IPv4 prefix");
  return *prefix;
}

absl::StatusOr<base::Mac> ReadMac(const Json& json) {
  ASSIGN_OR_RETURN(const Json member, json.Get("mac"));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  const absl::StatusOr<base::Mac> mac = base::Mac::Parse(text);
  if (!mac.ok()) return member.Error("not a MAC address");
  return *mac;
}

absl::StatusOr<size_t> ReadQuota(const Json& json, absl::string_view key,
                                 size_t missing) {
  constexpr int64_t kMost = 1'000'000;
  ASSIGN_OR_RETURN(const int64_t quota,
                   json.Int(key, static_cast<int64_t>(missing)));
  if (quota < 1 || quota > kMost) {
    return json.Error(absl::StrCat(key, ": must be from 1 to ", kMost));
  }
  return static_cast<size_t>(quota);
}

absl::StatusOr<Quotas> ReadQuotas(const Json& settings) {
  Quotas quotas;
  const std::optional<Json> json = settings.Find("quotas");
  if (!json) return quotas;
  RETURN_IF_ERROR(json->MustBeObject());
  ASSIGN_OR_RETURN(quotas.secondary_per_interface,
                   ReadQuota(*json, "secondary_per_interface",
                             quotas.secondary_per_interface));
  ASSIGN_OR_RETURN(
      quotas.interfaces_per_host,
      ReadQuota(*json, "interfaces_per_host", quotas.interfaces_per_host));
  return quotas;
}

absl::StatusOr<BatchShape> ReadShape(const Json& json) {
  ASSIGN_OR_RETURN(const std::string shape,
                   json.String("batch_shape", kReferenceShape));
  if (shape == kReferenceShape) return BatchShape::kReference;
  if (shape == kExampleShape) return BatchShape::kExample;
  return json.Error("batch_shape: must be reference or example");
}

// Reads a document into a world, part by part.
class Reader {
 public:
  Reader(const Json& json, World& world) : json_(json), world_(world) {}

  absl::Status Read() {
    RETURN_IF_ERROR(ReadVpcs());
    RETURN_IF_ERROR(ReadSubnets());
    RETURN_IF_ERROR(ReadHosts());
    ASSIGN_OR_RETURN(const std::vector<Json> loose, json_.Array("interfaces"));
    for (const Json& interface : loose) {
      RETURN_IF_ERROR(ReadInterface(interface, Interface()));
    }
    for (const Json& interface : with_secondary_) {
      RETURN_IF_ERROR(ReadSecondary(interface));
    }
    return ReadCursors();
  }

 private:
  static absl::Status At(const Json& json, const absl::Status& status) {
    return status.ok() ? status : json.Error(status.message());
  }

  absl::StatusOr<std::string> ReadZone(const Json& json) const {
    const std::vector<std::string>& zones = world_.settings().zones;
    return json.String("zone", zones.front());
  }

  absl::Status ReadVpcs() {
    ASSIGN_OR_RETURN(const Json list, json_.Get("vpcs"));
    ASSIGN_OR_RETURN(const std::vector<Json> vpcs, list.AsArray());
    for (const Json& vpc : vpcs) {
      Vpc row;
      ASSIGN_OR_RETURN(row.id, vpc.String("id"));
      ASSIGN_OR_RETURN(row.name, vpc.String("name", ""));
      RETURN_IF_ERROR(At(vpc, world_.AddVpc(std::move(row))));
    }
    return absl::OkStatus();
  }

  absl::Status ReadSubnets() {
    ASSIGN_OR_RETURN(const Json list, json_.Get("subnets"));
    ASSIGN_OR_RETURN(const std::vector<Json> subnets, list.AsArray());
    const std::vector<const Vpc*> vpcs = world_.vpcs();
    const std::string only = vpcs.size() == 1 ? vpcs.front()->id : "";
    for (const Json& subnet : subnets) {
      Subnet row;
      ASSIGN_OR_RETURN(row.id, subnet.String("id"));
      ASSIGN_OR_RETURN(row.vpc, subnet.String("vpc", only));
      ASSIGN_OR_RETURN(row.name, subnet.String("name", ""));
      ASSIGN_OR_RETURN(row.zone, ReadZone(subnet));
      ASSIGN_OR_RETURN(row.prefix, ReadPrefix(subnet));
      ASSIGN_OR_RETURN(row.gateway, ReadAddress(subnet, "gateway"));
      RETURN_IF_ERROR(At(subnet, world_.AddSubnet(std::move(row))));
    }
    return absl::OkStatus();
  }

  absl::Status ReadHosts() {
    ASSIGN_OR_RETURN(const std::vector<Json> hosts, json_.Array("hosts"));
    for (const Json& json : hosts) {
      Host host;
      ASSIGN_OR_RETURN(host.id, json.String("id"));
      host.bare_metal = absl::StartsWith(host.id, "upm-");
      ASSIGN_OR_RETURN(host.name, json.String("name", ""));
      ASSIGN_OR_RETURN(host.zone, ReadZone(json));
      ASSIGN_OR_RETURN(host.old_metadata, json.Bool("old_metadata", false));
      ASSIGN_OR_RETURN(host.net_feature, json.String("net_feature", ""));
      ASSIGN_OR_RETURN(host.role, json.String("role", host.role));
      ASSIGN_OR_RETURN(host.netns, json.String("netns", ""));
      const std::string id = host.id;
      RETURN_IF_ERROR(At(json, world_.AddHost(std::move(host))));
      RETURN_IF_ERROR(ReadInterfacesOf(json, id));
    }
    return absl::OkStatus();
  }

  absl::Status ReadInterfacesOf(const Json& host, const std::string& id) {
    ASSIGN_OR_RETURN(const std::vector<Json> list, host.Array("interfaces"));
    if (list.empty()) return host.Error("interfaces: needs at least one");
    for (const Json& interface : list) {
      RETURN_IF_ERROR(ReadInterface(
          interface, {.host = id, .is_default = &interface == &list.front()}));
    }
    return absl::OkStatus();
  }

  absl::Status ReadInterface(const Json& json, Interface row) {
    const std::vector<const Subnet*> subnets = world_.subnets();
    const std::string only = subnets.size() == 1 ? subnets.front()->id : "";
    ASSIGN_OR_RETURN(row.id, json.String("id"));
    ASSIGN_OR_RETURN(row.mac, ReadMac(json));
    ASSIGN_OR_RETURN(row.subnet, json.String("subnet", only));
    ASSIGN_OR_RETURN(row.name, json.String("name", ""));
    ASSIGN_OR_RETURN(row.primary, ReadAddress(json, "address"));
    ASSIGN_OR_RETURN(row.port, json.String("port", ""));
    if (const std::optional<Json> groups = json.Find("security_groups")) {
      ASSIGN_OR_RETURN(row.security_groups, ReadSecurityGroups(*groups));
    }
    if (json.Find("secondary")) with_secondary_.push_back(json);
    return At(json, world_.AddInterface(std::move(row)));
  }

  // After all interfaces, whose primary addresses come first.
  absl::Status ReadSecondary(const Json& interface) {
    ASSIGN_OR_RETURN(const base::Mac mac, ReadMac(interface));
    ASSIGN_OR_RETURN(const std::vector<Json> list,
                     interface.Array("secondary"));
    for (const Json& json : list) {
      ASSIGN_OR_RETURN(const base::Ipv4 address, ReadAddress(json));
      RETURN_IF_ERROR(At(json, world_.AddSecondary(mac, address)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadCursors() {
    ASSIGN_OR_RETURN(const std::vector<Json> subnets, json_.Array("subnets"));
    for (const Json& subnet : subnets) {
      const std::optional<Json> next = subnet.Find("next");
      if (!next) continue;
      ASSIGN_OR_RETURN(const std::string id, subnet.String("id"));
      ASSIGN_OR_RETURN(const base::Ipv4 address, ReadAddress(*next));
      RETURN_IF_ERROR(At(*next, world_.SetCursor(id, address)));
    }
    return absl::OkStatus();
  }

  const Json& json_;
  World& world_;
  std::vector<Json> with_secondary_;
};

absl::StatusOr<std::vector<KeyPair>> ReadKeys(const Json& json) {
  ASSIGN_OR_RETURN(const std::vector<Json> list, json.Array("keys"));
  std::vector<KeyPair> keys;
  for (const Json& key : list) {
    KeyPair pair;
    ASSIGN_OR_RETURN(pair.public_key, key.String("public"));
    ASSIGN_OR_RETURN(pair.private_key, key.String("private"));
    if (pair.public_key.empty() || pair.private_key.empty()) {
      return key.Error("an empty key");
    }
    keys.push_back(std::move(pair));
  }
  return keys;
}

// The world that MakeWorld makes.
constexpr char kOnlyVpc[] = "uvnet-1";
constexpr char kOnlySubnet[] = "subnet-1";

base::Mac After(const base::Mac& mac, int count) {
  std::array<uint8_t, 6> bytes = mac.bytes();
  auto carry = static_cast<unsigned>(count);
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    carry += *byte;
    *byte = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  return base::Mac(bytes);
}

// The host of number `n`, from 1 on.
absl::Status AddHostOf(const WorldSpec& spec, int n, World& world) {
  Interface nic = {.id = absl::StrCat("uni-", n),
                   .mac = After(spec.first_mac, n - 1),
                   .subnet = kOnlySubnet,
                   .host = absl::StrCat("uhost-", n),
                   .is_default = true};
  if (spec.first_address != base::Ipv4()) {
    nic.primary =
        base::Ipv4(spec.first_address.bits() + static_cast<uint32_t>(n - 1));
  }
  if (!spec.port_prefix.empty()) nic.port = absl::StrCat(spec.port_prefix, n);
  RETURN_IF_ERROR(world.AddHost({.id = nic.host,
                                 .name = absl::StrCat("host-", n),
                                 .zone = spec.settings.zones.front()}));
  return world.AddInterface(std::move(nic));
}

}  // namespace

absl::StatusOr<Settings> ReadSettings(const Json& json) {
  Settings settings;
  ASSIGN_OR_RETURN(settings.region, json.String("region", settings.region));
  ASSIGN_OR_RETURN(settings.project, json.String("project", ""));
  ASSIGN_OR_RETURN(settings.quotas, ReadQuotas(json));
  ASSIGN_OR_RETURN(settings.batch_shape, ReadShape(json));
  const std::optional<Json> zones = json.Find("zones");
  if (!zones) return settings;
  ASSIGN_OR_RETURN(const std::vector<Json> list, zones->AsArray());
  if (list.empty()) return zones->Error("needs at least one");
  settings.zones.clear();
  for (const Json& zone : list) {
    ASSIGN_OR_RETURN(settings.zones.emplace_back(), zone.AsString());
  }
  return settings;
}

absl::StatusOr<std::vector<SecurityGroup>> ReadSecurityGroups(
    const Json& json) {
  ASSIGN_OR_RETURN(const std::vector<Json> list, json.AsArray());
  std::vector<SecurityGroup> groups;
  for (const Json& item : list) {
    SecurityGroup group;
    ASSIGN_OR_RETURN(group.id, item.String("id"));
    ASSIGN_OR_RETURN(const int64_t priority, item.Int("priority", 1));
    if (priority < 1 || priority > 5) {
      return item.Error("priority: must be from 1 to 5");
    }
    group.priority = static_cast<int>(priority);
    groups.push_back(std::move(group));
  }
  return groups;
}

absl::StatusOr<State> ReadState(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  RETURN_IF_ERROR(json.MustBeObject());
  State state;
  ASSIGN_OR_RETURN(Settings settings, ReadSettings(json));
  ASSIGN_OR_RETURN(state.keys, ReadKeys(json));
  state.world = std::make_unique<World>(std::move(settings));
  RETURN_IF_ERROR(Reader(json, *state.world).Read());
  return state;
}

absl::StatusOr<std::unique_ptr<World>> MakeWorld(const WorldSpec& spec) {
  if (spec.settings.zones.empty()) {
    return absl::InvalidArgumentError("zones: needs at least one");
  }
  auto world = std::make_unique<World>(spec.settings);
  RETURN_IF_ERROR(world->AddVpc({.id = kOnlyVpc, .name = "vpc-1"}));
  RETURN_IF_ERROR(world->AddSubnet({.id = kOnlySubnet,
                                    .vpc = kOnlyVpc,
                                    .name = kOnlySubnet,
                                    .zone = spec.settings.zones.front(),
                                    .prefix = spec.subnet}));
  for (int n = 1; n <= spec.hosts; ++n) {
    RETURN_IF_ERROR(
        base::Annotate(AddHostOf(spec, n, *world), absl::StrCat("uhost-", n)));
  }
  return world;
}

}  // namespace applets::vpcsim
