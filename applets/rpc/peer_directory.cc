#include "applets/rpc/peer_directory.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"
#include "kube/resource.h"

namespace applets::rpc {
namespace {

constexpr char kNamespace[] = "kube-system";

kube::ClientOptions Brief() {
  kube::ClientOptions options;
  options.attempt_timeout = absl::Seconds(5);
  options.max_attempts = 2;
  return options;
}

absl::StatusOr<Peer> PeerOf(const kube::Ipamd& ipamd) {
  const auto at = ParseEndpoint(ipamd.address);
  if (!at.ok()) {
    return base::Annotate(
        at.status(),
        absl::StrCat("ipamd ", ipamd.meta.key.name, ": spec.addr"));
  }
  return Peer{ipamd.node, at->address, at->port};
}

// Page by page, so that thousands of them are never in memory at once.
absl::Status ForEach(kube::Client& client, absl::Time deadline,
                     const std::function<void(kube::Ipamd)>& visit) {
  const kube::Query query = {.resource = kube::kIpamds,
                             .name_space = kNamespace};
  kube::PageRequest request;
  do {
    ASSIGN_OR_RETURN(kube::Page page,
                     client.ListPage(query, request, deadline));
    for (const base::Json& item : page.items) {
      ASSIGN_OR_RETURN(kube::Ipamd ipamd, kube::DecodeIpamd(item));
      // A further interface's pool has one of its own: what it has isn't lent.
      if (ipamd.meta.key.name == ipamd.node) visit(std::move(ipamd));
    }
    request.next = std::move(page.next);
  } while (!request.next.empty());
  return absl::OkStatus();
}

}  // namespace

PeerDirectory::PeerDirectory(kube::Config api)
    : client_(std::move(api), Brief()) {}

absl::StatusOr<Peer> PeerDirectory::Find(const std::string& node,
                                         absl::Time deadline) const {
  const auto json = client_.Get(kube::kIpamds, {kNamespace, node}, deadline);
  if (absl::IsNotFound(json.status())) {
    return absl::NotFoundError(
        absl::StrCat("node ", node,
                     " has no Ipamd resource: no such node, or "
                     "no ipamd of this cluster runs there"));
  }
  if (!json.ok()) return json.status();
  ASSIGN_OR_RETURN(const kube::Ipamd ipamd, kube::DecodeIpamd(*json));
  return PeerOf(ipamd);
}

absl::StatusOr<std::vector<Peer>> PeerDirectory::List(
    const std::string& subnet, absl::Time deadline) const {
  std::vector<Peer> peers;
  RETURN_IF_ERROR(ForEach(client_, deadline, [&](const kube::Ipamd& ipamd) {
    if (ipamd.subnet != subnet || peers.size() >= kMaxPeers) return;
    auto peer = PeerOf(ipamd);
    if (peer.ok()) peers.push_back(*std::move(peer));
  }));
  return peers;
}

absl::StatusOr<std::vector<kube::Ipamd>> PeerDirectory::Nodes(
    absl::Time deadline) const {
  std::vector<kube::Ipamd> nodes;
  RETURN_IF_ERROR(ForEach(client_, deadline, [&](kube::Ipamd ipamd) {
    nodes.push_back(std::move(ipamd));
  }));
  return nodes;
}

}  // namespace applets::rpc
