// Which of a cluster's nodes a run over it works on. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_NODES_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_NODES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/upgrade/fleet.h"
#include "base/json.h"

namespace applets::upgrade {

// A Node object, as much of it as is looked at.
struct ClusterNode {
  enum class Ready { kYes, kNo, kUnknown };

  std::string name = {};
  std::string address = {};  // the first InternalIP
  std::string system = {};   // its operating system; "" if it doesn't say
  Ready ready = Ready::kUnknown;
  std::string ready_text = {};  // why it isn't
  bool cordoned = false;
  bool leaving = false;  // it is being deleted
  // Those that keep pods away, as kubectl writes them:
  // "dedicated=db:NoSchedule". Without those that Kubernetes sets itself for
  // what the fields above say.
  std::vector<std::string> taints = {};

  friend bool operator==(const ClusterNode&, const ClusterNode&) = default;
};

// INVALID_ARGUMENT names the field.
absl::StatusOr<ClusterNode> DecodeClusterNode(const base::Json& object);

// Why nothing is done there; "" if something is. A node that wouldn't run a pod
// at all is left alone whatever `means` say; one that is cordoned or tainted
// isn't with --force.
std::string WhySkipped(const ClusterNode& node, const FleetMeans& means);

// The run's nodes in the order of their names: all of the cluster, or only
// those of `wanted`, of which each must be there (NOT_FOUND names one that
// isn't). Those that are left alone are skipped, and say why.
absl::StatusOr<std::vector<FleetNode>> NodesFor(
    const std::vector<ClusterNode>& cluster,
    const std::vector<std::string>& wanted, const FleetMeans& means,
    absl::Time now);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_NODES_H_
