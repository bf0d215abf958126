// Looking at executables and networks of a node.
#ifndef CNIVPC_APPLETS_UPGRADE_INSPECT_H_
#define CNIVPC_APPLETS_UPGRADE_INSPECT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/upgrade/plan.h"

namespace applets::upgrade {

// What lies at `path`, whatever it is: nothing, a link, to nowhere perhaps,
// another architecture's program, a part of one, one that hangs or crashes, a
// program that doesn't say its version. A program for this machine is run, with
// the argument `version` and without an environment.
// FAILED_PRECONDITION when a folder or a device is in the place.
absl::StatusOr<Facts> Inspect(const std::string& path);

// The first network of the folder whose chain has the plugin, files in the
// order in which runtimes read them (by name). None when there is none.
// Files that can't be read as a network are passed over, as runtimes do, and
// noted.
absl::StatusOr<std::optional<Network>> FindNetwork(
    const std::string& folder, std::vector<std::string>& notes);

// Of the names that `program` says (`--list`) it can be called by, those in the
// folder that are no links to the plugin: an upgrade leaves them what they are.
std::vector<std::string> NamesApart(const std::string& folder,
                                    const std::string& program);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_INSPECT_H_
