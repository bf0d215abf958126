// The page's engine over a Kubernetes cluster.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_CLUSTER_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_CLUSTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/upgrade/options.h"
#include "applets/upgrade/page/engine.h"

namespace applets::upgrade::page {

struct ClusterEngine {
  Engine engine = {};
  std::vector<std::string> nodes = {};  // by name
};

// By a pod on each node, with the run in a CniUpgrade (kube_record.h). What is
// installed is the program in Options::Fleet::image, which must be the one with
// this sum. Lists the nodes: the API server's errors, and kubeconfig's.
absl::StatusOr<ClusterEngine> EngineInCluster(const Options& options,
                                              const std::string& sha256);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ENGINE_CLUSTER_H_
