// Carrying the upgrade of a fleet out: the shell around fleet.h.
#ifndef CNIVPC_APPLETS_UPGRADE_FLEET_CARRY_H_
#define CNIVPC_APPLETS_UPGRADE_FLEET_CARRY_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"

namespace applets::upgrade {

// Does one task; called by several threads at a time.
using DoTask =
    std::function<FleetAnswer(const Fleet& fleet, const FleetTask& task)>;

struct Carrier {
  std::string record = {};  // the file; or what keeps it elsewhere:
  std::function<absl::Status(const Fleet& fleet)> save = {};
  DoTask do_task = {};
  // Whether somebody wants this upgrader to end; asked a few times a second.
  std::function<bool()> interrupted = {};
  // Called a few times a second, also while nothing happens; may stop, pause
  // or return the fleet as somebody wishes. An error: this upgrader must end at
  // once, and others go on. Not called if it isn't there.
  std::function<absl::Status(Fleet& fleet)> beat = {};
  // Hears of the fleet whenever something has changed.
  std::function<void(const Fleet& fleet)> tell = {};
};

// How many nodes are asked at a time, whatever the rules say.
inline constexpr size_t kMaxAtOnce = 64;

// Until the run is over, or somebody interrupts it: then nothing new is begun
// on a node, what is under way is waited for, and the run stays unfinished on
// record. The error says that the record can't be written; then nothing new was
// begun.
absl::StatusOr<Fleet> CarryFleet(Fleet fleet, const Carrier& carrier);

// None when no run was ever begun. INVALID_ARGUMENT names the file.
absl::StatusOr<std::optional<Fleet>> LoadFleet(const std::string& path);
absl::Status SaveFleet(const std::string& path, const Fleet& fleet);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FLEET_CARRY_H_
