#include "netlink/pod_network.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/sysctl.h"

namespace netlink {
namespace {

VethPair PairOf(const PodNetwork& network, int netns_fd) {
  return {.inner = {network.pod_ifindex, network.pod_ifname, network.pod_mac,
                    network.mtu_bytes},
          .netns_fd = netns_fd,
          .outer = {network.host_ifindex, network.host_ifname, network.host_mac,
                    network.mtu_bytes}};
}

// EEXIST or EBUSY, as CreateVeth says.
bool NumberOrNameTaken(const absl::Status& status) {
  const int error_number = base::ErrnoOf(status);
  return error_number == EEXIST || error_number == EBUSY;
}

// The requests on the node's side, in the order in which they are sent.
enum HostStep { kVeth, kHostEnd, kRoute, kRule, kProxy, kStale, kSourceRule };

Batch HostBatch(const PodNetwork& network, int netns_fd) {
  Batch batch;
  batch.Add(CreateVeth(PairOf(network, netns_fd)));
  // By name: when the pair couldn't be made because the index is taken, nothing
  // has this name, while the index is somebody else's.
  batch.Add(ChangeLink({.name = network.host_ifname,
                        .state = LinkChange::State::kUp,
                        .alias = network.alias}));
  for (const PodPart part :
       {PodPart::kRoute, PodPart::kRule, PodPart::kProxy}) {
    batch.Add(RequestFor(part, network));
  }
  // What a pod that had the address before it, on another interface, may have
  // left behind would lead this one's packets astray.
  batch.Add(RemoveRule(PodSourceRule(network.address, 0)));
  if (network.table != 0) {
    batch.Add(RequestFor(PodPart::kSourceRule, network));
  }
  return batch;
}

constexpr PodPart kInPod[] = {PodPart::kAddress, PodPart::kNeighbor,
                              PodPart::kDefaultRoute};

Batch PodBatch(const PodNetwork& network) {
  Batch batch;
  for (const PodPart part : kInPod) batch.Add(RequestFor(part, network));
  return batch;
}

// The first error, with what was being done; `what` may have more.
absl::Status FirstError(absl::Span<const absl::Status> statuses,
                        absl::Span<const absl::string_view> what) {
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].ok()) return base::Annotate(statuses[i], what[i]);
  }
  return absl::OkStatus();
}

absl::Status HostResult(Socket& host, const PodNetwork& network,
                        std::vector<absl::Status> statuses) {
  if (NumberOrNameTaken(statuses[kVeth])) {
    return absl::AbortedError(statuses[kVeth].message());
  }
  statuses[kRule] = IgnoreExisting(statuses[kRule]);
  if (base::ErrnoOf(statuses[kRoute]) == EEXIST) {
    statuses[kRoute] = CheckExistingRoute(host, network);
  }
  statuses[kStale] = IgnoreMissing(statuses[kStale]);
  return FirstError(
      statuses,
      {"make the veth pair", PurposeOf(PodPart::kHostEnd),
       PurposeOf(PodPart::kRoute), PurposeOf(PodPart::kRule),
       PurposeOf(PodPart::kProxy), "remove an earlier pod's policy rule",
       PurposeOf(PodPart::kSourceRule)});
}

// Takes back, last first, what `statuses` say was done. A proxy doesn't tell
// whether it was there before; it goes if the rule, its companion, is new.
void Undo(Socket& host, const PodNetwork& network,
          const std::vector<absl::Status>& statuses) {
  Batch batch;
  if (network.table != 0 && statuses[kSourceRule].ok()) {
    batch.Add(RemoveRule(PodSourceRule(network.address, network.table)));
  }
  if (statuses[kProxy].ok() && statuses[kRule].ok()) {
    batch.Add(RemoveProxy(network.node_ifindex, network.address));
  }
  if (statuses[kRule].ok()) batch.Add(RemoveRule(PodRule(network.address)));
  if (statuses[kRoute].ok()) batch.Add(RemoveRoute(RouteToPod(network)));
  if (statuses[kVeth].ok()) batch.Add(DeleteLink(network.host_ifindex));
  host.Transact(batch);
}

// Aborted when a name or an index is taken.
absl::Status SetUpOnce(Socket& host, Socket& pod, int netns_fd,
                       const PodNetwork& network) {
  Batch host_batch = HostBatch(network, netns_fd);
  const std::vector<absl::Status> done = host.Transact(host_batch);
  absl::Cleanup undo = [&] { Undo(host, network, done); };
  RETURN_IF_ERROR(HostResult(host, network, done));
  Batch pod_batch = PodBatch(network);
  // What fails here goes with the link.
  RETURN_IF_ERROR(FirstError(
      pod.Transact(pod_batch),
      {PurposeOf(kInPod[0]), PurposeOf(kInPod[1]), PurposeOf(kInPod[2])}));
  std::move(undo).Cancel();
  return absl::OkStatus();
}

// The pod's name must be free; what has the host end's goes.
absl::Status MakeRoom(Socket& host, const Socket& pod,
                      const PodNetwork& network) {
  if (GetIfindex(pod, network.pod_ifname).ok()) {
    return absl::AlreadyExistsError(absl::StrCat(
        "the pod has an interface ", network.pod_ifname, " already"));
  }
  if (!GetIfindex(host, network.host_ifname).ok()) return absl::OkStatus();
  const auto link = GetLink(host, network.host_ifname);
  if (!link.ok()) return IgnoreMissing(link.status());
  if (link->kind != "veth") {
    return absl::FailedPreconditionError(
        absl::StrCat("interface ", network.host_ifname, " is no veth"));
  }
  return IgnoreMissing(host.Transact(DeleteLink(link->index)));
}

// Everything for which the thread must be in the pod: makes a socket, and
// reserves the ports that the node's own services use.
absl::StatusOr<Socket> EnterPod(int netns_fd) {
  ASSIGN_OR_RETURN(const NetnsScope scope, NetnsScope::Enter(netns_fd));
  RETURN_IF_ERROR(Sysctl().Set("net/ipv4/ip_local_port_range", kPodPortRange));
  return Socket::Open();
}

}  // namespace

VethIndexes ChooseIndexes(absl::BitGenRef random) {
  const uint32_t pod = absl::Uniform(random, kFirstIndex, kLastIndex);
  // One of the others: those from `pod` on move up by one.
  const uint32_t host = absl::Uniform(random, kFirstIndex, kLastIndex - 1);
  return {pod, host < pod ? host : host + 1};
}

absl::StatusOr<PodNetwork> SetUp(Socket& host, int netns_fd,
                                 const PodNetwork& wanted,
                                 absl::BitGenRef random) {
  ASSIGN_OR_RETURN(Socket pod, EnterPod(netns_fd));
  PodNetwork network = wanted;
  absl::Status status;
  for (int i = 0; i < kMaxIndexAttempts; ++i) {
    RETURN_IF_ERROR(MakeRoom(host, pod, network));
    status = SetUpOnce(host, pod, netns_fd, network);
    if (status.ok()) return network;
    if (!absl::IsAborted(status)) return status;
    const VethIndexes indexes = ChooseIndexes(random);
    network.pod_ifindex = indexes.pod;
    network.host_ifindex = indexes.host;
  }
  return status;
}

}  // namespace netlink
