#ifndef CNIVPC_APPLETS_RPC_PEER_DIRECTORY_H_
#define CNIVPC_APPLETS_RPC_PEER_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/rpc/peer_list.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/custom_resources.h"

namespace applets::rpc {

// The nodes of a Kubernetes cluster and where their ipamds listen, as their
// Ipamd resources in kube-system tell. Nothing is kept: each call asks the API
// server. Blocks; may be used by several threads at once.
//
// Errors: kube::Client's; INVALID_ARGUMENT for a resource that can't be read.
class PeerDirectory {
 public:
  explicit PeerDirectory(kube::Config api);

  // NOT_FOUND: there is no such node, or it has no ipamd of ours.
  absl::StatusOr<Peer> Find(const std::string& node, absl::Time deadline) const;
  // Those of a subnet. One whose address can't be read is left out.
  absl::StatusOr<std::vector<Peer>> List(const std::string& subnet,
                                         absl::Time deadline) const;
  // All, as they are.
  absl::StatusOr<std::vector<kube::Ipamd>> Nodes(absl::Time deadline) const;

  // Makes every call under way, and each later one, return CANCELLED.
  void Stop() const { client_.Stop(); }

 private:
  mutable kube::Client client_;
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_DIRECTORY_H_
