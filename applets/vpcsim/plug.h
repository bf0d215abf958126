#ifndef CNIVPC_APPLETS_VPCSIM_PLUG_H_
#define CNIVPC_APPLETS_VPCSIM_PLUG_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/world.h"
#include "base/address.h"

// Which links the fabric makes itself: those of interfaces that were attached
// while the cloud runs. Pure; wiring.h carries it out.
namespace applets::vpcsim {

// An attached interface whose port is PluggedPort.
struct Plug {
  std::string port = {};  // the end in the fabric's namespace
  base::Mac mac = {};     // of the end in the host's
  std::string host = {};
  std::string netns = {};  // of the host; "" when it isn't known
  // The port of the host's default interface, whose MTU the link gets; "" for
  // none.
  std::string beside = {};

  friend bool operator==(const Plug&, const Plug&) = default;
};

// By interface id.
std::vector<Plug> PlugsOf(const World& world);

struct PlugPlan {
  std::vector<std::string> remove = {};  // links of the fabric's namespace
  std::vector<Plug> lay = {};            // after that

  friend bool operator==(const PlugPlan&, const PlugPlan&) = default;
};

// What to do so that each plug has its link. `links` are all that the fabric's
// namespace has; of these, those that are named like PluggedPort and are no
// plug's are left over from earlier. The links called in `anew` are removed
// and laid again. A link of a host without namespace is left alone: somebody
// else may have laid it.
PlugPlan PlanPlugs(const std::vector<Plug>& plugs,
                   const std::vector<std::string>& links,
                   const std::set<std::string>& anew);

// The first of eth1, eth2, ... that isn't taken.
std::string FreeIfname(const std::vector<std::string>& taken);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_PLUG_H_
