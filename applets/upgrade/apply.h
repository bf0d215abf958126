// Upgrading the node that this runs on.
#ifndef CNIVPC_APPLETS_UPGRADE_APPLY_H_
#define CNIVPC_APPLETS_UPGRADE_APPLY_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/catalogue.h"
#include "applets/upgrade/places.h"
#include "applets/upgrade/plan.h"
#include "applets/upgrade/run.h"

namespace applets::upgrade {

// What to do, as somebody said it.
struct Order {
  Kind kind = Kind::kUpgrade;
  std::string source = {};  // the executable; not for kRollback
  // That it must have; "" for any. With kRollback: of the version to go back
  // to, which is nothing to do where it is installed.
  std::string sha256 = {};
  std::optional<Catalogue> catalogue = std::nullopt;
  bool force = false;
  bool out_of_maintenance = false;
};

// Hears of every step that was taken or undone: the run as it was before, how
// long it took and how it went.
using Tell = std::function<void(const Run& run, absl::Duration took,
                                const absl::Status& outcome)>;

// All of these want the lock (state_file.h) to be held.

// Brings a run that an earlier upgrader left to its end. None when there was
// none. A record that can't be read is set aside, with a note to stderr: the
// plugin is whole without it.
absl::StatusOr<std::optional<Run>> Settle(const Places& places,
                                          const Tell& tell);

// Stages the executable, looks at everything, and plans. Leaves nothing behind
// unless there is a run in the plan. The error says what is wrong with the
// executable.
absl::StatusOr<Plan> Prepare(const Places& places, const Order& order);

// Whether what is installed sets up a pod through the node's network.
absl::Status Check(const Places& places);

// Carries a run out, forward, back or both, and records it before every step.
// Signals that end a process (INT, TERM, HUP), if they are blocked, turn it
// back while nothing is installed yet; later they are too late.
Run Carry(const Places& places, Run run, const Tell& tell);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_APPLY_H_
