#include "applets/vpcsim/simulator.h"

#include <optional>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_format.h"

namespace applets::vpcsim {
namespace {

// Interfaces are many; so many draws find one that fits, or none does.
constexpr int kDraws = 1000;

template <typename T>
const T* Pick(const std::vector<T>& choice, std::mt19937_64& random) {
  if (choice.empty()) return nullptr;
  return &choice[absl::Uniform<size_t>(random, 0, choice.size())];
}

bool Fits(const Interface& interface, const OutOfBand& change) {
  return (!change.mac || interface.mac == *change.mac) &&
         (change.subnet.empty() || interface.subnet == change.subnet);
}

// The interfaces that a change may be about.
std::vector<const Interface*> Candidates(const World& world,
                                         const OutOfBand& change) {
  if (change.mac) {
    const Interface* interface = world.InterfaceByMac(*change.mac);
    if (interface == nullptr || !Fits(*interface, change)) return {};
    return {interface};
  }
  std::vector<const Interface*> all = world.interfaces();
  std::erase_if(all, [&](const Interface* i) { return !Fits(*i, change); });
  return all;
}

// Another interface of the same subnet.
const Interface* OtherOf(const World& world, const Interface& interface,
                         std::mt19937_64& random) {
  OutOfBand same;
  same.subnet = interface.subnet;
  std::vector<const Interface*> others = Candidates(world, same);
  std::erase(others, &interface);
  const Interface* const* other = Pick(others, random);
  return other == nullptr ? nullptr : *other;
}

bool DisturbOne(Simulator& simulator, OutOfBand::Kind kind,
                const Interface& interface) {
  World& world = simulator.world;
  if (kind == OutOfBand::Kind::kAllocate) {
    return std::holds_alternative<base::Ipv4>(world.Allocate(interface.mac));
  }
  const std::vector<base::Ipv4> secondary = world.SecondaryOf(interface);
  const base::Ipv4* address = Pick(secondary, simulator.random);
  if (address == nullptr) return false;
  if (kind == OutOfBand::Kind::kVanish) {
    return world.Vanish(world.SubnetById(interface.subnet)->vpc, *address);
  }
  const Interface* other = OtherOf(world, interface, simulator.random);
  return other != nullptr && world.Force(*address, other->mac);
}

}  // namespace

std::string MakeRequestId(std::mt19937_64& random) {
  const uint64_t high = random();
  const uint64_t low = random();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", high >> 32,
                         (high >> 16) & 0xffff, high & 0xfff,
                         0x8000 | (low >> 50), low & 0xffffffffffff);
}

int Disturb(Simulator& simulator, const OutOfBand& change) {
  const std::vector<const Interface*> candidates =
      Candidates(simulator.world, change);
  int made = 0;
  for (int draw = 0; made < change.count && draw < kDraws; ++draw) {
    const Interface* const* interface = Pick(candidates, simulator.random);
    if (interface == nullptr) break;
    if (DisturbOne(simulator, change.kind, **interface)) ++made;
  }
  return made;
}

}  // namespace applets::vpcsim
