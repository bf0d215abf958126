// What is asked of a node of a fleet, as a command, and what its answer means.
// Pure, but for RunRemote.
#ifndef CNIVPC_APPLETS_UPGRADE_REMOTE_H_
#define CNIVPC_APPLETS_UPGRADE_REMOTE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/program.h"

namespace applets::upgrade {

// The words of the command, Fleet::means.through and all. Only a task that
// installs something reads the program from stdin. No word has a blank or
// another character that a shell on the way would touch, unless a folder has.
std::vector<std::string> RemoteCommand(const Fleet& fleet,
                                       const FleetTask& task);

// `ended` is the command's end. Whatever isn't an answer of `cnivpc upgrade
// --output=json` (report.h) is none.
FleetAnswer AnswerOf(FleetTask::Kind kind, const Ended& ended);

// Runs it; a command that doesn't end in time gives no answer.
FleetAnswer RunRemote(const Fleet& fleet, const FleetTask& task);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_REMOTE_H_
