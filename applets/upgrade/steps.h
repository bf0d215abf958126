// What each step of a run does on the node, and how it is undone. Every one may
// be taken or undone again when it was cut off in the middle.
#ifndef CNIVPC_APPLETS_UPGRADE_STEPS_H_
#define CNIVPC_APPLETS_UPGRADE_STEPS_H_

#include "absl/status/status.h"
#include "applets/upgrade/places.h"
#include "applets/upgrade/run.h"

namespace applets::upgrade {

// Takes the step `run.at`. May add to `run.notes`.
absl::Status Take(const Places& places, Run& run);

// Undoes the step `run.at`, whether it was taken to its end
// (run.was_completed()) or not.
absl::Status Undo(const Places& places, Run& run);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_STEPS_H_
