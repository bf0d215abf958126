#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_QUERY_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_QUERY_H_

#include <string>
#include <vector>

#include "applets/upgrade/fleet.h"
#include "applets/upgrade/kube_operations.h"
#include "applets/upgrade/query.h"

namespace applets::upgrade {

// How many nodes are asked at a time.
inline constexpr size_t kQueriesAtOnce = 32;

// What is installed on the nodes of a run that only looks, by a pod on each, in
// the order of the nodes. Those that are skipped aren't asked, and say why.
std::vector<NodeFinding> QueryCluster(Operations& operations,
                                      const Fleet& fleet);

// A node's finding, from what its pod said. Pure.
Finding FindingFrom(const FleetNode& node, const FleetAnswer& answer);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_QUERY_H_
