// How the page gets at nodes and runs: what the upgrader of many nodes does it
// with. Each function may block, and is called on threads of its own.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/options.h"
#include "applets/upgrade/page/orders.h"
#include "applets/upgrade/query.h"

namespace applets::upgrade::page {

struct Engine {
  using Interrupted = std::function<bool()>;
  using Tell = std::function<void(const Fleet&)>;

  FleetMeans means = {};
  // What a node has; called by several threads at a time.
  std::function<Finding(const std::string& node)> look = {};
  // Changes whenever the record does; quick.
  std::function<std::string()> stamp = {};
  // The run on record; none if there never was one.
  std::function<absl::StatusOr<std::optional<Fleet>>()> load = {};
  // Whether somebody else carries the run on.
  std::function<bool()> taken = {};
  // Whoever holds it may carry a run on. UNAVAILABLE when somebody else does.
  std::function<absl::StatusOr<std::shared_ptr<void>>()> lock = {};
  // An upgrade that hasn't begun.
  std::function<absl::StatusOr<Fleet>(const Begin&)> begin = {};
  // Whether a run that was left can go on.
  std::function<absl::Status(const Fleet&)> check = {};
  // CarryFleet (fleet_carry.h).
  std::function<absl::StatusOr<Fleet>(Fleet, Interrupted, Tell)> carry = {};
  // What only looks ends soon from now on, without an answer; may be none.
  std::function<void()> stop = {};
};

// The command line, as somebody has filled it in on the page.
Options OptionsOf(Options options, const Begin& begin);

// Through Options::Fleet::through, with the run in Places::fleet_record().
Engine EngineThrough(const Options& options);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_H_
