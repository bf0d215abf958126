#include <algorithm>

#include "applets/vpcsim/world.h"

namespace applets::vpcsim {
namespace {

template <typename T, typename Map, typename Pick>
std::vector<const T*> All(const Map& map, Pick pick) {
  std::vector<const T*> all;
  all.reserve(map.size());
  for (const auto& [id, row] : map) all.push_back(pick(row));
  return all;
}

}  // namespace

uint64_t World::Key(const base::Mac& mac) {
  uint64_t key = 0;
  for (const uint8_t byte : mac.bytes()) key = key << 8 | byte;
  return key;
}

World::SubnetRow* World::SubnetIn(const VpcRow& vpc, base::Ipv4 address) {
  auto it = vpc.subnets.upper_bound(address);
  if (it == vpc.subnets.begin()) return nullptr;
  --it;
  return it->second->subnet.prefix.Contains(address) ? it->second : nullptr;
}

World::SubnetRow* World::FindSubnet(absl::string_view vpc,
                                    base::Ipv4 address) const {
  if (!vpc.empty()) {
    const auto it = vpcs_.find(vpc);
    return it == vpcs_.end() ? nullptr : SubnetIn(it->second, address);
  }
  for (const auto& [id, row] : vpcs_) {
    if (SubnetRow* subnet = SubnetIn(row, address)) return subnet;
  }
  return nullptr;
}

World::InterfaceRow* World::FindByMac(const base::Mac& mac) const {
  const auto it = by_mac_.find(Key(mac));
  return it == by_mac_.end() ? nullptr : it->second;
}

World::InterfaceRow* World::FindById(absl::string_view id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

const World::HostRow* World::FindHost(absl::string_view id) const {
  const auto it = hosts_.find(id);
  return it == hosts_.end() ? nullptr : &it->second;
}

World::InterfaceRow* World::SecondaryOwner(const SubnetRow& subnet,
                                           base::Ipv4 address) const {
  const AddressTable::Row* row = subnet.table.Find(address);
  if (row == nullptr || row->slot == kPrimarySlot) return nullptr;
  return rows_[row->owner].get();
}

bool World::IsZone(absl::string_view zone) const {
  return std::find(settings_.zones.begin(), settings_.zones.end(), zone) !=
         settings_.zones.end();
}

bool World::CanHave(const HostRow& host, const SubnetRow& subnet) {
  if (host.host.zone != subnet.subnet.zone) return false;
  return host.interfaces.empty() ||
         host.interfaces.front()->subnet->subnet.vpc == subnet.subnet.vpc;
}

const Vpc* World::VpcById(absl::string_view id) const {
  const auto it = vpcs_.find(id);
  return it == vpcs_.end() ? nullptr : &it->second.vpc;
}

const Subnet* World::SubnetById(absl::string_view id) const {
  const auto it = subnets_.find(id);
  return it == subnets_.end() ? nullptr : &it->second.subnet;
}

const Host* World::HostById(absl::string_view id) const {
  const HostRow* row = FindHost(id);
  return row == nullptr ? nullptr : &row->host;
}

const Interface* World::InterfaceById(absl::string_view id) const {
  const InterfaceRow* row = FindById(id);
  return row == nullptr ? nullptr : &row->interface;
}

const Interface* World::InterfaceByMac(const base::Mac& mac) const {
  const InterfaceRow* row = FindByMac(mac);
  return row == nullptr ? nullptr : &row->interface;
}

const Interface* World::InterfaceAtPort(absl::string_view port) const {
  const auto it = by_port_.find(port);
  return it == by_port_.end() ? nullptr : &it->second->interface;
}

const Subnet* World::SubnetOf(absl::string_view vpc, base::Ipv4 address) const {
  const SubnetRow* row = FindSubnet(vpc, address);
  return row == nullptr ? nullptr : &row->subnet;
}

const Interface* World::OwnerIn(const VpcRow& vpc, base::Ipv4 address) const {
  const SubnetRow* subnet = SubnetIn(vpc, address);
  if (subnet == nullptr) return nullptr;
  const AddressTable::Row* row = subnet->table.Find(address);
  return row == nullptr ? nullptr : &rows_[row->owner]->interface;
}

const Interface* World::OwnerOf(absl::string_view vpc,
                                base::Ipv4 address) const {
  if (!vpc.empty()) {
    const auto it = vpcs_.find(vpc);
    return it == vpcs_.end() ? nullptr : OwnerIn(it->second, address);
  }
  for (const auto& [id, row] : vpcs_) {
    if (const Interface* owner = OwnerIn(row, address)) return owner;
  }
  return nullptr;
}

const Host* World::HostByAddress(absl::string_view vpc,
                                 base::Ipv4 address) const {
  for (const auto& [id, row] : vpcs_) {
    if (!vpc.empty() && vpc != id) continue;
    const Interface* owner = OwnerIn(row, address);
    if (owner != nullptr && owner->primary == address && !owner->host.empty()) {
      return HostById(owner->host);
    }
  }
  return nullptr;
}

std::vector<base::Ipv4> World::SecondaryOf(const Interface& interface) const {
  std::vector<base::Ipv4> addresses = FindById(interface.id)->secondary;
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

size_t World::SecondaryCount(const Interface& interface) const {
  return FindById(interface.id)->secondary.size();
}

std::vector<const Interface*> World::InterfacesOf(const Host& host) const {
  std::vector<const Interface*> interfaces;
  for (const InterfaceRow* row : FindHost(host.id)->interfaces) {
    interfaces.push_back(&row->interface);
  }
  std::sort(interfaces.begin(), interfaces.end(),
            [](const Interface* a, const Interface* b) {
              if (a->is_default != b->is_default) return a->is_default;
              return a->id < b->id;
            });
  return interfaces;
}

const Interface* World::DefaultInterfaceOf(const Host& host) const {
  for (const InterfaceRow* row : FindHost(host.id)->interfaces) {
    if (row->interface.is_default) return &row->interface;
  }
  return nullptr;
}

bool World::IsObjectOf(absl::string_view object,
                       const Interface& interface) const {
  if (interface.host.empty()) return false;
  if (interface.host == object) return true;
  const Interface* main = DefaultInterfaceOf(*HostById(interface.host));
  return main != nullptr && main->id == object;
}

size_t World::Available(const Subnet& subnet) const {
  return subnets_.find(subnet.id)->second.table.available();
}

base::Ipv4 World::Cursor(const Subnet& subnet) const {
  return subnets_.find(subnet.id)->second.table.cursor();
}

void World::ForEachSecondary(
    const Subnet& subnet,
    absl::FunctionRef<void(base::Ipv4, const Interface&)> visit) const {
  subnets_.find(subnet.id)->second.table.ForEach(
      [&](base::Ipv4 address, AddressTable::Row row) {
        if (row.slot == kPrimarySlot) return;
        visit(address, rows_[row.owner]->interface);
      });
}

std::vector<const Vpc*> World::vpcs() const {
  return All<Vpc>(vpcs_, [](const VpcRow& row) { return &row.vpc; });
}

std::vector<const Subnet*> World::subnets() const {
  return All<Subnet>(subnets_,
                     [](const SubnetRow& row) { return &row.subnet; });
}

std::vector<const Host*> World::hosts() const {
  return All<Host>(hosts_, [](const HostRow& row) { return &row.host; });
}

std::vector<const Interface*> World::interfaces() const {
  return All<Interface>(
      by_id_, [](const InterfaceRow* row) { return &row->interface; });
}

}  // namespace applets::vpcsim
