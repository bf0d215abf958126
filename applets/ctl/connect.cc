#include "applets/ctl/connect.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/rpc/client.h"
#include "applets/rpc/peer_client.h"
#include "applets/rpc/peer_directory.h"
#include "applets/rpc/query.h"
#include "base/status.h"
#include "kube/config.h"

namespace applets::ctl {

absl::StatusOr<Connection> ConnectToSocket(const Options& options) {
  ASSIGN_OR_RETURN(rpc::Client opened,
                   rpc::Client::Connect(options.socket, options.timeout));
  const auto client = std::make_shared<rpc::Client>(std::move(opened));
  const std::string of_node =
      options.node.empty()
          ? ""
          : absl::StrCat("/v1/nodes/", rpc::Escape(options.node));
  return Connection([client, of_node](absl::string_view method,
                                      absl::string_view path,
                                      absl::string_view body) {
    return client->Call(method, absl::StrCat(of_node, path), body);
  });
}

absl::StatusOr<Connection> ConnectByCluster(const Options& options) {
  const absl::Time deadline = absl::Now() + options.timeout;
  ASSIGN_OR_RETURN(kube::Config api, kube::LoadKubeconfig(options.kubeconfig));
  ASSIGN_OR_RETURN(
      const rpc::Peer peer,
      rpc::PeerDirectory(std::move(api)).Find(options.node, deadline));
  const auto client = std::make_shared<rpc::PeerClient>(options.access);
  return Connection([client, peer, deadline](
                        absl::string_view method, absl::string_view path,
                        absl::string_view) -> absl::StatusOr<std::string> {
    if (method != "GET") {
      return absl::FailedPreconditionError(
          "from afar nodes can be looked at only; run cnivpctl there");
    }
    return client->Look(peer, path, deadline - absl::Now());
  });
}

absl::StatusOr<Connection> Connect(const Options& options) {
  return options.kubeconfig.empty() ? ConnectToSocket(options)
                                    : ConnectByCluster(options);
}

absl::StatusOr<std::vector<kube::Ipamd>> ListNodes(const Options& options) {
  const absl::Time deadline = absl::Now() + options.timeout;
  ASSIGN_OR_RETURN(kube::Config api, kube::LoadKubeconfig(options.kubeconfig));
  return rpc::PeerDirectory(std::move(api)).Nodes(deadline);
}

}  // namespace applets::ctl
