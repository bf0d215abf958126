#ifndef CNIVPC_APPLETS_VPCSIM_SNAPSHOT_H_
#define CNIVPC_APPLETS_VPCSIM_SNAPSHOT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "applets/vpcsim/world.h"
#include "base/address.h"

namespace applets::vpcsim {

// What callers of the API can change: interfaces, who has them, and who has
// which secondary address.
struct Snapshot {
  std::vector<Interface> interfaces = {};  // by id
  std::vector<std::pair<base::Mac, base::Ipv4>> secondary = {};
  std::vector<std::pair<std::string, base::Ipv4>> cursors = {};  // by subnet
};

Snapshot Take(const World& world);

// Makes the world what it was, by changes that its observers see. Subnets and
// hosts that came since stay, without what was changed in them.
absl::Status Restore(World& world, const Snapshot& snapshot);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_SNAPSHOT_H_
