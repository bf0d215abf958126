// What is asked of a node of a fleet, as a command, and what its answer means.
// Pure, but for what runs it.
#ifndef CNIVPC_APPLETS_UPGRADE_REMOTE_H_
#define CNIVPC_APPLETS_UPGRADE_REMOTE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/program.h"

namespace applets::upgrade {

// The plugin of a node, as a command from here.
std::vector<std::string> PluginThere(const FleetMeans& means,
                                     absl::string_view node);
// How long a task may take.
absl::Duration LimitOf(FleetTask::Kind kind);

// The words behind the program's name, there.
std::vector<std::string> NodeCommand(const Fleet& fleet, const FleetTask& task);

// The words of the command, Fleet::means.through and all. Only a task that
// installs something reads the program from stdin. No word has a blank or
// another character that a shell on the way would touch, unless a folder has.
std::vector<std::string> RemoteCommand(const Fleet& fleet,
                                       const FleetTask& task);

// `ended` is the command's end. Whatever isn't an answer of `cnivpc upgrade
// --output=json` (report.h) is none.
FleetAnswer AnswerOf(const Fleet& fleet, FleetTask::Kind kind,
                     const Ended& ended);

// Runs a command, found by PATH, with our environment and, if there is one, a
// file as its stdin. RunProgram's errors.
absl::StatusOr<Ended> RunWords(std::vector<std::string> words,
                               absl::Duration limit,
                               const std::string& input_file = "");

// Runs it; a command that doesn't end in time gives no answer.
FleetAnswer RunRemote(const Fleet& fleet, const FleetTask& task);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_REMOTE_H_
