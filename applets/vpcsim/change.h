#ifndef CNIVPC_APPLETS_VPCSIM_CHANGE_H_
#define CNIVPC_APPLETS_VPCSIM_CHANGE_H_

#include <functional>
#include <variant>

#include "applets/vpcsim/model.h"
#include "base/address.h"

// What has just changed in the World. The pointers are valid during the
// observer's call only, and null for nobody: what has no `before` is new, what
// has no `after` is gone.
namespace applets::vpcsim {

// Who has a secondary address.
struct SecondaryChange {
  const Subnet* subnet = nullptr;
  base::Ipv4 address = {};
  const Interface* before = nullptr;
  const Interface* after = nullptr;
};

// With it, its primary address. Its secondary addresses go before it goes, and
// come after it has come.
struct InterfaceChange {
  const Interface* before = nullptr;
  const Interface* after = nullptr;
};

// Hosts, VPCs and subnets come only; nothing of the API changes them.
struct HostAdded {
  const Host* host = nullptr;
};
// It has booted, maybe in another network namespace: what was plugged into it
// must be plugged in again.
struct HostBooted {
  const Host* host = nullptr;
};
struct VpcAdded {
  const Vpc* vpc = nullptr;
};
struct SubnetAdded {
  const Subnet* subnet = nullptr;
};

// Where the search for a free address of the subnet goes on.
struct CursorMoved {
  const Subnet* subnet = nullptr;
  base::Ipv4 next = {};
};

using Change = std::variant<SecondaryChange, InterfaceChange, HostAdded,
                            HostBooted, VpcAdded, SubnetAdded, CursorMoved>;
using Observer = std::function<void(const Change&)>;

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_CHANGE_H_
