// What a run over many nodes begins with, from the command line.
#ifndef CNIVPC_APPLETS_UPGRADE_FLEET_BEGIN_H_
#define CNIVPC_APPLETS_UPGRADE_FLEET_BEGIN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/options.h"

namespace applets::upgrade {

// --nodes-file, then --nodes. INVALID_ARGUMENT for none, too many, or one that
// is there twice; else the file's error.
absl::StatusOr<std::vector<std::string>> NodesOf(const Options& options);

// How nodes are reached; without the program.
FleetMeans MeansOf(const Options& options);

// What the command line says of a run over so many nodes; neither the nodes nor
// what is installed.
Fleet NewFleet(const Options& options, size_t nodes);

// A run that hasn't begun, which installs Options::source on these nodes. Reads
// the program, and runs it for its version: INVALID_ARGUMENT when it is no
// program that could be installed, DATA_LOSS when it hasn't the sum that
// --sha256 says.
absl::StatusOr<Fleet> BeginFleet(const Options& options,
                                 std::vector<std::string> nodes);

// Whether the program is still the one that the run began with: it must install
// what it has installed so far. DATA_LOSS when it isn't.
absl::Status CheckProgram(const Fleet& fleet);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FLEET_BEGIN_H_
