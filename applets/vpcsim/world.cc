#include "applets/vpcsim/world.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

// As the cloud's hypervisors have them: QEMU's prefix.
base::Mac RandomMac(absl::BitGenRef random) {
  const uint32_t bits = absl::Uniform<uint32_t>(random);
  return base::Mac({0x52, 0x54, 0x00, static_cast<uint8_t>(bits >> 16),
                    static_cast<uint8_t>(bits >> 8),
                    static_cast<uint8_t>(bits)});
}

std::string RandomId(absl::string_view kind, absl::BitGenRef random) {
  constexpr absl::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr int kLength = 12;
  std::string id(kind);
  for (int i = 0; i < kLength; ++i) {
    id += kLetters[absl::Uniform<size_t>(random, 0, kLetters.size())];
  }
  return id;
}

Refusal UnknownMac(const base::Mac& mac) {
  return {kUnknownMac, absl::StrCat("mac ", mac.ToString(),
                                    " is of no interface of the subnet")};
}

Refusal UnknownInterface(absl::string_view id) {
  return {kUnknownInterface,
          absl::StrCat("network interface ", id, " not found")};
}

Refusal UnknownInstance(absl::string_view id) {
  return {kUnknownInstance, absl::StrCat("instance ", id, " not found")};
}

Refusal NoSecondary(base::Ipv4 address) {
  return {kNoSecondaryAddress,
          absl::StrCat("secondary ip ", address.ToString(), " not found")};
}

}  // namespace

std::string PluggedPort(const base::Mac& mac) {
  std::string port = "nic";
  for (const uint8_t byte : mac.bytes()) {
    absl::StrAppend(&port, absl::Hex(byte, absl::kZeroPad2));
  }
  return port;
}

bool IsPlugged(const Interface& interface) {
  return interface.port == PluggedPort(interface.mac);
}

void World::Tell(const Change& change) {
  if (now_ != absl::InfinitePast()) history_.Note(change, now_);
  for (const Observer& observer : observers_) observer(change);
}

std::optional<Refusal> World::CheckFree(const SubnetRow& subnet,
                                        base::Ipv4 address) {
  if (!subnet.subnet.prefix.Contains(address)) {
    return Refusal{kAddressReserved,
                   absl::StrCat(address.ToString(), " isn't of the subnet")};
  }
  if (subnet.table.IsReserved(address)) {
    return Refusal{kAddressReserved,
                   absl::StrCat(address.ToString(), " is reserved")};
  }
  if (subnet.table.Find(address) != nullptr) {
    return Refusal{kAddressTaken,
                   absl::StrCat(address.ToString(), " is in use")};
  }
  return std::nullopt;
}

Result<base::Ipv4> World::Pick(SubnetRow& subnet,
                               std::optional<base::Ipv4> wanted) {
  if (wanted) {
    if (std::optional<Refusal> refusal = CheckFree(subnet, *wanted)) {
      return *std::move(refusal);
    }
    return *wanted;
  }
  const std::optional<base::Ipv4> next = subnet.table.NextFree();
  if (!next) {
    return Refusal{kSubnetFull, absl::StrCat("subnet ", subnet.subnet.id,
                                             " has no free address")};
  }
  Tell(CursorMoved{.subnet = &subnet.subnet, .next = subnet.table.cursor()});
  return *next;
}

void World::Give(InterfaceRow& row, base::Ipv4 address) {
  const auto slot = static_cast<uint32_t>(row.secondary.size());
  row.subnet->table.Take(address, {.owner = row.index, .slot = slot});
  row.secondary.push_back(address);
  ++secondary_count_;
}

void World::TakeAway(InterfaceRow& row, base::Ipv4 address) {
  AddressTable& table = row.subnet->table;
  const uint32_t slot = table.Find(address)->slot;
  const base::Ipv4 last = row.secondary.back();
  row.secondary[slot] = last;
  table.Find(last)->slot = slot;
  row.secondary.pop_back();
  table.Free(address);
  --secondary_count_;
}

void World::SetOwner(base::Ipv4 address, InterfaceRow* before,
                     InterfaceRow* after) {
  if (before != nullptr) TakeAway(*before, address);
  if (after != nullptr) Give(*after, address);
  const SubnetRow& subnet = *(before != nullptr ? before : after)->subnet;
  Tell(SecondaryChange{
      .subnet = &subnet.subnet,
      .address = address,
      .before = before != nullptr ? &before->interface : nullptr,
      .after = after != nullptr ? &after->interface : nullptr,
  });
}

std::optional<Refusal> World::CheckQuota(const InterfaceRow& row) const {
  const size_t quota = settings_.quotas.secondary_per_interface;
  if (row.secondary.size() < quota) return std::nullopt;
  return Refusal{kAddressQuota, absl::StrCat("an interface has at most ", quota,
                                             " secondary ips")};
}

Result<base::Ipv4> World::Allocate(const base::Mac& mac,
                                   std::optional<base::Ipv4> wanted) {
  InterfaceRow* row = FindByMac(mac);
  if (row == nullptr) return UnknownMac(mac);
  if (std::optional<Refusal> refusal = CheckQuota(*row)) {
    return *std::move(refusal);
  }
  Result<base::Ipv4> picked = Pick(*row->subnet, wanted);
  if (const auto* address = std::get_if<base::Ipv4>(&picked)) {
    SetOwner(*address, nullptr, row);
  }
  return picked;
}

std::optional<Refusal> World::Release(const base::Mac& mac,
                                      base::Ipv4 address) {
  InterfaceRow* row = FindByMac(mac);
  if (row == nullptr || SecondaryOwner(*row->subnet, address) != row) {
    return NoSecondary(address);
  }
  SetOwner(address, row, nullptr);
  return std::nullopt;
}

std::optional<Refusal> World::Move(base::Ipv4 address, const base::Mac& from,
                                   const base::Mac& to) {
  InterfaceRow* before = FindByMac(from);
  InterfaceRow* after = FindByMac(to);
  if (before == nullptr) return UnknownMac(from);
  if (after == nullptr || after->subnet != before->subnet) {
    return UnknownMac(to);
  }
  if (SecondaryOwner(*before->subnet, address) != before) {
    return NoSecondary(address);
  }
  if (after == before) return std::nullopt;
  if (std::optional<Refusal> refusal = CheckQuota(*after)) return refusal;
  SetOwner(address, before, after);
  return std::nullopt;
}

bool World::Vanish(absl::string_view vpc, base::Ipv4 address) {
  const SubnetRow* subnet = FindSubnet(vpc, address);
  if (subnet == nullptr) return false;
  InterfaceRow* row = SecondaryOwner(*subnet, address);
  if (row == nullptr) return false;
  SetOwner(address, row, nullptr);
  return true;
}

bool World::Force(base::Ipv4 address, const base::Mac& to) {
  InterfaceRow* after = FindByMac(to);
  if (after == nullptr) return false;
  InterfaceRow* before = SecondaryOwner(*after->subnet, address);
  if (before == nullptr && CheckFree(*after->subnet, address)) return false;
  if (before != after) SetOwner(address, before, after);
  return true;
}

World::InterfaceRow& World::Insert(Interface interface, SubnetRow& subnet) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<uint32_t>(rows_.size()));
    rows_.emplace_back();
  }
  const uint32_t index = unused_.back();
  unused_.pop_back();
  rows_[index] = std::make_unique<InterfaceRow>(InterfaceRow{
      .interface = std::move(interface), .subnet = &subnet, .index = index});
  InterfaceRow& row = *rows_[index];
  const Interface& added = row.interface;
  by_id_[added.id] = &row;
  by_mac_[Key(added.mac)] = &row;
  if (!added.port.empty()) by_port_[added.port] = &row;
  if (!added.host.empty()) {
    hosts_.find(added.host)->second.interfaces.push_back(&row);
  }
  subnet.table.Take(added.primary, {.owner = index, .slot = kPrimarySlot});
  Tell(InterfaceChange{.after = &added});
  return row;
}

Result<const Interface*> World::CreateInterface(const NewInterface& wanted,
                                                absl::BitGenRef random) {
  const auto subnet = subnets_.find(wanted.subnet);
  if (subnet == subnets_.end()) {
    return Refusal{kUnknownSubnet,
                   absl::StrCat("subnet ", wanted.subnet, " not found")};
  }
  if (by_id_.size() >= kMaxInterfaces) {
    return Refusal{kInterfaceQuota, "too many network interfaces"};
  }
  const Result<base::Ipv4> picked = Pick(subnet->second, wanted.primary);
  if (const auto* refusal = std::get_if<Refusal>(&picked)) return *refusal;
  Interface created = {.id = RandomId("uni-", random),
                       .mac = RandomMac(random),
                       .subnet = wanted.subnet,
                       .name = wanted.name,
                       .primary = std::get<base::Ipv4>(picked),
                       .security_groups = wanted.security_groups};
  while (by_id_.contains(created.id)) created.id = RandomId("uni-", random);
  while (FindByMac(created.mac) != nullptr) created.mac = RandomMac(random);
  return &Insert(std::move(created), subnet->second).interface;
}

void World::SetHost(InterfaceRow& row, absl::string_view host) {
  const Interface before = row.interface;
  if (host.empty()) {
    std::erase(hosts_.find(before.host)->second.interfaces, &row);
    if (!before.port.empty()) by_port_.erase(before.port);
    row.interface.port.clear();
  } else {
    hosts_.find(host)->second.interfaces.push_back(&row);
    std::string port = PluggedPort(before.mac);
    // A state file may have given it to another.
    if (by_port_.try_emplace(port, &row).second) {
      row.interface.port = std::move(port);
    }
  }
  row.interface.host = std::string(host);
  Tell(InterfaceChange{.before = &before, .after = &row.interface});
}

std::optional<Refusal> World::Attach(absl::string_view interface,
                                     absl::string_view host) {
  InterfaceRow* row = FindById(interface);
  if (row == nullptr) return UnknownInterface(interface);
  const HostRow* to = FindHost(host);
  if (to == nullptr) return UnknownInstance(host);
  if (!row->interface.host.empty()) {
    return Refusal{kAlreadyAttached,
                   absl::StrCat("network interface ", interface,
                                " is attached to ", row->interface.host)};
  }
  // Every host of the API has its default interface; a host of a world that is
  // still being built may lack it.
  if (to->interfaces.empty() || !CanHave(*to, *row->subnet)) {
    return Refusal{kOtherPlace,
                   absl::StrCat("network interface ", interface,
                                " is of another zone or VPC than ", host)};
  }
  const size_t quota = settings_.quotas.interfaces_per_host;
  if (to->interfaces.size() >= quota) {
    return Refusal{kInterfaceQuota, absl::StrCat("an instance has at most ",
                                                 quota, " interfaces")};
  }
  SetHost(*row, host);
  return std::nullopt;
}

std::optional<Refusal> World::Detach(absl::string_view interface,
                                     absl::string_view host) {
  InterfaceRow* row = FindById(interface);
  if (row == nullptr) return UnknownInterface(interface);
  if (FindHost(host) == nullptr) return UnknownInstance(host);
  if (row->interface.host != host) {
    return Refusal{kNotAttached, absl::StrCat("network interface ", interface,
                                              " isn't attached to ", host)};
  }
  if (row->interface.is_default) {
    return Refusal{kDefaultInterface,
                   "the default network interface can't be detached"};
  }
  SetHost(*row, "");
  return std::nullopt;
}

std::optional<Refusal> World::DeleteInterface(absl::string_view interface) {
  InterfaceRow* row = FindById(interface);
  if (row == nullptr) return UnknownInterface(interface);
  if (row->interface.is_default) {
    return Refusal{kDefaultInterface,
                   "the default network interface can't be deleted"};
  }
  if (!row->interface.host.empty()) {
    return Refusal{kStillAttached,
                   absl::StrCat("network interface ", interface,
                                " is attached to ", row->interface.host)};
  }
  while (!row->secondary.empty()) {
    SetOwner(row->secondary.back(), row, nullptr);
  }
  Remove(*row);
  return std::nullopt;
}

void World::Remove(InterfaceRow& row) {
  const Interface gone = row.interface;
  row.subnet->table.Free(gone.primary);
  by_mac_.erase(Key(gone.mac));
  by_id_.erase(gone.id);
  unused_.push_back(row.index);
  rows_[row.index].reset();
  Tell(InterfaceChange{.before = &gone});
}

}  // namespace applets::vpcsim
