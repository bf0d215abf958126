#include "applets/vpcsim/view.h"

#include <algorithm>
#include <map>
#include <string>

namespace applets::vpcsim {
namespace {

const Interface* PointerTo(const std::optional<Interface>& interface) {
  return interface ? &*interface : nullptr;
}

// The addresses of the subnet whose taking may have been otherwise, and
// whether they were taken.
std::map<base::Ipv4, bool> TakenThen(const World& world, const Past& past,
                                     const Subnet& subnet) {
  std::map<base::Ipv4, bool> taken;
  for (const auto& [place, owner] : past.secondary) {
    if (place.first == &subnet) taken[place.second] = owner.has_value();
  }
  // Nobody but the interface itself can have had what is its primary address
  // now, or was: it lives as long as the interface.
  for (const auto& [id, then] : past.interfaces) {
    const Interface* now = world.InterfaceById(id);
    if (now != nullptr && now->subnet == subnet.id) {
      taken.try_emplace(now->primary, false);
    }
  }
  for (const auto& [id, then] : past.interfaces) {
    if (then && then->subnet == subnet.id) taken[then->primary] = true;
  }
  return taken;
}

}  // namespace

View::View(const World& world, absl::Duration lag) : world_(world) {
  if (lag > absl::ZeroDuration()) {
    past_ = world.history().At(world.now() - lag);
  }
}

std::optional<base::Mac> View::SecondaryOwner(const Subnet& subnet,
                                              base::Ipv4 address) const {
  const auto then = past_.secondary.find({&subnet, address});
  if (then != past_.secondary.end()) return then->second;
  const Interface* owner = world_.OwnerOf(subnet.vpc, address);
  if (owner == nullptr || owner->primary == address ||
      owner->subnet != subnet.id) {
    return std::nullopt;
  }
  return owner->mac;
}

std::vector<base::Ipv4> View::SecondaryOf(const Subnet& subnet,
                                          const base::Mac& mac) const {
  std::vector<base::Ipv4> addresses;
  const Interface* now = world_.InterfaceByMac(mac);
  if (now != nullptr && now->subnet == subnet.id) {
    addresses = world_.SecondaryOf(*now);
  }
  if (past_.secondary.empty()) return addresses;
  std::erase_if(addresses, [&](base::Ipv4 address) {
    return past_.secondary.contains({&subnet, address});
  });
  for (const auto& [place, owner] : past_.secondary) {
    if (place.first == &subnet && owner == mac) {
      addresses.push_back(place.second);
    }
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::vector<std::pair<base::Ipv4, base::Mac>> View::Secondary(
    const Subnet& subnet) const {
  std::vector<std::pair<base::Ipv4, base::Mac>> all;
  const auto add = [&](base::Ipv4 address, const Interface& owner) {
    const bool differs = past_.secondary.contains({&subnet, address});
    if (!differs) all.emplace_back(address, owner.mac);
  };
  world_.ForEachSecondary(subnet, add);
  if (past_.secondary.empty()) return all;
  for (const auto& [place, owner] : past_.secondary) {
    if (place.first != &subnet || !owner) continue;
    all.emplace_back(place.second, *owner);
  }
  std::sort(all.begin(), all.end());
  return all;
}

size_t View::Available(const Subnet& subnet) const {
  size_t available = world_.Available(subnet);
  for (const auto& [address, was_taken] : TakenThen(world_, past_, subnet)) {
    const bool is_taken = world_.OwnerOf(subnet.vpc, address) != nullptr;
    if (is_taken && !was_taken) ++available;
    if (!is_taken && was_taken) --available;
  }
  return available;
}

const Interface* View::InterfaceById(absl::string_view id) const {
  const auto then = past_.interfaces.find(id);
  if (then != past_.interfaces.end()) return PointerTo(then->second);
  return world_.InterfaceById(id);
}

std::vector<const Interface*> View::Interfaces() const {
  std::vector<const Interface*> all = world_.interfaces();
  if (past_.interfaces.empty()) return all;
  std::erase_if(all, [this](const Interface* interface) {
    return past_.interfaces.contains(interface->id);
  });
  for (const auto& [id, then] : past_.interfaces) {
    if (then) all.push_back(&*then);
  }
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  return all;
}

std::vector<const Interface*> View::InterfacesOf(const Host& host) const {
  std::vector<const Interface*> all = world_.InterfacesOf(host);
  if (past_.interfaces.empty()) return all;
  std::erase_if(all, [this](const Interface* interface) {
    return past_.interfaces.contains(interface->id);
  });
  for (const auto& [id, then] : past_.interfaces) {
    if (then && then->host == host.id) all.push_back(&*then);
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
    if (a->is_default != b->is_default) return a->is_default;
    return a->id < b->id;
  });
  return all;
}

}  // namespace applets::vpcsim
