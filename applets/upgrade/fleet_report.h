// What the upgrader of many nodes tells people. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_FLEET_REPORT_H_
#define CNIVPC_APPLETS_UPGRADE_FLEET_REPORT_H_

#include <cstdint>
#include <string>

#include "applets/upgrade/fleet.h"
#include "applets/upgrade/report.h"

namespace applets::upgrade {

// How many nodes have come to their end, whatever it was.
int64_t Settled(const Fleet& fleet);

// A line for each node that has come into another state:
//   "[ 3/50] node-c            failed     smoke-test: no address\n"
std::string NewsSince(const Fleet& before, const Fleet& now);

// Each node, a line; then what came of the run and what to do next.
std::string ToText(const Fleet& fleet);
std::string Summary(const Fleet& fleet);

// kDone only when every node has the wanted version and is well; kStuck when
// somebody must look at a node.
ExitStatus ExitStatusOf(const Fleet& fleet);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FLEET_REPORT_H_
