#ifndef CNIVPC_APPLETS_CTL_NODE_VIEW_H_
#define CNIVPC_APPLETS_CTL_NODE_VIEW_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ctl/options.h"
#include "applets/ctl/output.h"
#include "applets/rpc/messages_node.h"
#include "applets/rpc/messages_pool.h"
#include "kube/custom_resources.h"

// Nodes for people and for programs. Pure.
namespace applets::ctl {

// get node: a row for each node whose pool was read. POOL counts what `get
// pool` lists.
absl::StatusOr<Output> FormatNodes(const Options& options,
                                   const std::vector<rpc::PoolReply>& pools);

// get node of a whole cluster: a row for each, as their ipamds last told the
// API server. POOL is what could be leased at once.
absl::StatusOr<Output> FormatCluster(const Options& options,
                                     const std::vector<kube::Ipamd>& nodes);

absl::StatusOr<Output> FormatStatus(const Options& options,
                                    const rpc::NodeReply& node, absl::Time now);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_NODE_VIEW_H_
