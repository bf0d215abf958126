#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/world.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

bool Overlap(base::Ipv4Prefix a, base::Ipv4Prefix b) {
  return a.Contains(b.first()) || b.Contains(a.first());
}

}  // namespace

absl::Status World::AddVpc(Vpc vpc) {
  if (vpc.id.empty()) return Wrong("id: missing");
  if (vpcs_.contains(vpc.id)) return Wrong("id: ", vpc.id, " is taken");
  const std::string id = vpc.id;
  const auto [it, is_new] = vpcs_.emplace(id, VpcRow{.vpc = std::move(vpc)});
  Tell(VpcAdded{.vpc = &it->second.vpc});
  return absl::OkStatus();
}

absl::Status World::CheckNew(const Subnet& subnet) const {
  if (subnet.id.empty()) return Wrong("id: missing");
  if (subnets_.contains(subnet.id)) {
    return Wrong("id: ", subnet.id, " is taken");
  }
  const auto vpc = vpcs_.find(subnet.vpc);
  if (vpc == vpcs_.end()) return Wrong("vpc: there is no ", subnet.vpc);
  if (!IsZone(subnet.zone)) return Wrong("zone: there is no ", subnet.zone);
  const int length = subnet.prefix.length();
  if (length < AddressTable::kShortestPrefix ||
      length > AddressTable::kLongestPrefix) {
    return Wrong("prefix: must be of ", AddressTable::kShortestPrefix, " to ",
                 AddressTable::kLongestPrefix, " bits");
  }
  for (const auto& [first, row] : vpc->second.subnets) {
    if (Overlap(row->subnet.prefix, subnet.prefix)) {
      return Wrong("prefix: overlaps with ", row->subnet.id);
    }
  }
  return absl::OkStatus();
}

absl::Status World::AddSubnet(Subnet subnet) {
  RETURN_IF_ERROR(CheckNew(subnet));
  const base::Ipv4 gateway(subnet.prefix.first().bits() + 1);
  if (subnet.gateway != base::Ipv4() && subnet.gateway != gateway) {
    return Wrong("gateway: must be ", gateway.ToString());
  }
  subnet.gateway = gateway;
  const base::Ipv4Prefix prefix = subnet.prefix;
  const std::string id = subnet.id;
  const auto [it, is_new] = subnets_.emplace(
      id,
      SubnetRow{.subnet = std::move(subnet), .table = AddressTable(prefix)});
  SubnetRow& row = it->second;
  vpcs_.find(row.subnet.vpc)->second.subnets[prefix.first()] = &row;
  Tell(SubnetAdded{.subnet = &row.subnet});
  return absl::OkStatus();
}

absl::Status World::AddHost(Host host) {
  if (host.id.empty()) return Wrong("id: missing");
  if (hosts_.contains(host.id)) return Wrong("id: ", host.id, " is taken");
  if (!IsZone(host.zone)) return Wrong("zone: there is no ", host.zone);
  if (host.bare_metal != absl::StartsWith(host.id, "upm-")) {
    return Wrong("id: upm-... is bare metal, all else is not");
  }
  const std::string id = host.id;
  const auto [it, is_new] =
      hosts_.emplace(id, HostRow{.host = std::move(host)});
  Tell(HostAdded{.host = &it->second.host});
  return absl::OkStatus();
}

absl::Status World::CheckHostOf(const Interface& interface) const {
  if (interface.host.empty()) {
    if (interface.is_default) return Wrong("default: needs a host");
    return absl::OkStatus();
  }
  const HostRow* host = FindHost(interface.host);
  if (host == nullptr) return Wrong("host: there is no ", interface.host);
  if (interface.is_default != host->interfaces.empty()) {
    return Wrong("default: must be the first interface, and no other");
  }
  const SubnetRow& subnet = subnets_.find(interface.subnet)->second;
  if (!CanHave(*host, subnet)) {
    return Wrong("subnet: is of another zone or VPC than ", interface.host);
  }
  return absl::OkStatus();
}

absl::Status World::CheckNew(const Interface& interface) const {
  if (interface.id.empty()) return Wrong("id: missing");
  if (by_id_.contains(interface.id)) {
    return Wrong("id: ", interface.id, " is taken");
  }
  if (interface.mac == base::Mac() || (interface.mac.bytes()[0] & 1) != 0) {
    return Wrong("mac: must be a unicast address");
  }
  if (InterfaceByMac(interface.mac) != nullptr) {
    return Wrong("mac: ", interface.mac.ToString(), " is taken");
  }
  if (!subnets_.contains(interface.subnet)) {
    return Wrong("subnet: there is no ", interface.subnet);
  }
  if (!interface.port.empty() && by_port_.contains(interface.port)) {
    return Wrong("port: ", interface.port, " is taken");
  }
  if (!interface.port.empty() && interface.host.empty()) {
    return Wrong("port: needs a host");
  }
  return CheckHostOf(interface);
}

absl::Status World::AddInterface(Interface interface) {
  if (by_id_.size() >= kMaxInterfaces) {
    return absl::ResourceExhaustedError("too many interfaces");
  }
  RETURN_IF_ERROR(CheckNew(interface));
  SubnetRow& subnet = subnets_.find(interface.subnet)->second;
  std::optional<base::Ipv4> wanted;
  if (interface.primary != base::Ipv4()) wanted = interface.primary;
  const Result<base::Ipv4> picked = Pick(subnet, wanted);
  if (const Refusal* refusal = std::get_if<Refusal>(&picked)) {
    return Wrong("address: ", refusal->message);
  }
  interface.primary = std::get<base::Ipv4>(picked);
  Insert(std::move(interface), subnet);
  return absl::OkStatus();
}

absl::Status World::AddSecondary(const base::Mac& mac, base::Ipv4 address) {
  InterfaceRow* row = FindByMac(mac);
  if (row == nullptr) return Wrong("there is no ", mac.ToString());
  if (const std::optional<Refusal> taken = CheckFree(*row->subnet, address)) {
    return Wrong(taken->message);
  }
  SetOwner(address, nullptr, row);
  return absl::OkStatus();
}

absl::Status World::SetCursor(absl::string_view subnet, base::Ipv4 next) {
  const auto it = subnets_.find(subnet);
  if (it == subnets_.end()) return Wrong("there is no ", subnet);
  SubnetRow& row = it->second;
  if (!row.subnet.prefix.Contains(next)) {
    return Wrong(next.ToString(), " isn't of ", subnet);
  }
  row.table.SetCursor(next);
  Tell(CursorMoved{.subnet = &row.subnet, .next = next});
  return absl::OkStatus();
}

absl::Status World::SetPort(absl::string_view interface, std::string port) {
  InterfaceRow* row = FindById(interface);
  if (row == nullptr) return Wrong("there is no ", interface);
  if (row->interface.port == port) return absl::OkStatus();
  if (!port.empty() && by_port_.contains(port)) {
    return Wrong("port: ", port, " is taken");
  }
  if (!port.empty() && row->interface.host.empty()) {
    return Wrong("port: needs a host");
  }
  const Interface before = row->interface;
  if (!before.port.empty()) by_port_.erase(before.port);
  if (!port.empty()) by_port_[port] = row;
  row->interface.port = std::move(port);
  Tell(InterfaceChange{.before = &before, .after = &row->interface});
  return absl::OkStatus();
}

absl::Status World::Boot(absl::string_view host, std::string netns) {
  const auto it = hosts_.find(host);
  if (it == hosts_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no host ", host));
  }
  it->second.host.netns = std::move(netns);
  Tell(HostBooted{.host = &it->second.host});
  return absl::OkStatus();
}

}  // namespace applets::vpcsim
