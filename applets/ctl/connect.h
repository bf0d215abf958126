#ifndef CNIVPC_APPLETS_CTL_CONNECT_H_
#define CNIVPC_APPLETS_CTL_CONNECT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "applets/ctl/calls.h"
#include "applets/ctl/options.h"
#include "kube/custom_resources.h"

namespace applets::ctl {

// To the ipamd at options.socket, which passes calls on to that of options.node
// unless this is "". Everything done with the connection ends
// after options.timeout. Errors are those of rpc::Client.
absl::StatusOr<Connection> ConnectToSocket(const Options& options);

// To the ipamd of options.node, which the API server of options.kubeconfig
// knows, as one of its peers; for GET only. Errors are those of
// kube::LoadKubeconfig and rpc::PeerDirectory; the connection's those of
// rpc::PeerClient.
absl::StatusOr<Connection> ConnectByCluster(const Options& options);

// ConnectByCluster with options.kubeconfig, else ConnectToSocket.
absl::StatusOr<Connection> Connect(const Options& options);

// All nodes of the cluster of options.kubeconfig. Errors as above.
absl::StatusOr<std::vector<kube::Ipamd>> ListNodes(const Options& options);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_CONNECT_H_
