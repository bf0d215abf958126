#include "applets/vpcsim/snapshot.h"

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

absl::Status Check(const std::optional<Refusal>& refusal) {
  if (!refusal) return absl::OkStatus();
  return absl::InternalError(refusal->message);
}

void TakeAllBack(World& world) {
  for (const Subnet* subnet : world.subnets()) {
    std::vector<base::Ipv4> addresses;
    world.ForEachSecondary(*subnet, [&](base::Ipv4 address, const Interface&) {
      addresses.push_back(address);
    });
    for (const base::Ipv4 address : addresses) {
      world.Vanish(subnet->vpc, address);
    }
  }
}

absl::Status Remove(World& world, const Interface& there) {
  const Interface interface = there;  // which goes
  if (!interface.host.empty()) {
    RETURN_IF_ERROR(Check(world.Detach(interface.id, interface.host)));
  }
  return Check(world.DeleteInterface(interface.id));
}

absl::Status RemoveNew(World& world, const Snapshot& snapshot) {
  std::set<std::string> known;
  for (const Interface& interface : snapshot.interfaces) {
    known.insert(interface.id);
  }
  for (const Interface* interface : world.interfaces()) {
    if (known.contains(interface->id)) continue;
    RETURN_IF_ERROR(Remove(world, *interface));
  }
  return absl::OkStatus();
}

absl::Status PutBack(World& world, const Interface& wanted) {
  const Interface* there = world.InterfaceById(wanted.id);
  if (there != nullptr && *there == wanted) return absl::OkStatus();
  if (there != nullptr) RETURN_IF_ERROR(Remove(world, *there));
  return world.AddInterface(wanted);
}

}  // namespace

Snapshot Take(const World& world) {
  Snapshot snapshot;
  for (const Interface* interface : world.interfaces()) {
    snapshot.interfaces.push_back(*interface);
  }
  for (const Subnet* subnet : world.subnets()) {
    world.ForEachSecondary(
        *subnet, [&](base::Ipv4 address, const Interface& owner) {
          snapshot.secondary.emplace_back(owner.mac, address);
        });
    snapshot.cursors.emplace_back(subnet->id, world.Cursor(*subnet));
  }
  return snapshot;
}

absl::Status Restore(World& world, const Snapshot& snapshot) {
  TakeAllBack(world);
  RETURN_IF_ERROR(RemoveNew(world, snapshot));
  for (const Interface& interface : snapshot.interfaces) {
    RETURN_IF_ERROR(PutBack(world, interface));
  }
  for (const auto& [mac, address] : snapshot.secondary) {
    RETURN_IF_ERROR(world.AddSecondary(mac, address));
  }
  for (const auto& [subnet, next] : snapshot.cursors) {
    RETURN_IF_ERROR(world.SetCursor(subnet, next));
  }
  return absl::OkStatus();
}

}  // namespace applets::vpcsim
