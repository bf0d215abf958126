#include "applets/ipamd/sight.h"

#include <algorithm>
#include <utility>

#include "base/fd.h"
#include "base/status.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/pod_repair.h"
#include "netlink/socket.h"

namespace applets::ipamd {
namespace {

using netlink::PodPart;

bool AnyInPod(const std::set<PodPart>& parts) {
  return std::any_of(parts.begin(), parts.end(), netlink::IsInPod);
}

void LookInto(const netlink::Link& host_end, Sight& sight) {
  const auto netns = netlink::OpenNetns(sight.netns);
  if (!netns.ok()) {
    sight.unseen = netns.status();
    return;
  }
  const auto missing =
      netlink::MissingInPod(host_end, sight.network, netns->get());
  // NOT_FOUND: it is about to go, or is another one of that name by now.
  if (!missing.ok() && !absl::IsNotFound(missing.status())) {
    sight.unseen = missing.status();
  }
  if (missing.ok()) sight.missing.insert(missing->begin(), missing->end());
}

}  // namespace

absl::StatusOr<Sights> Look(Sights sights) {
  if (sights.empty()) return sights;
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(const netlink::NodeView view, netlink::ViewNode(host));
  for (Sight& sight : sights) {
    const netlink::Link* host_end = netlink::FindHostEnd(view, sight.network);
    if (host_end == nullptr) continue;  // the janitor sees to it
    sight.network.host_ifindex = host_end->index;
    sight.network.pod_ifindex = host_end->peer_ifindex;
    if (sight.target.node) {
      sight.missing = netlink::MissingOnNode(view, *host_end, sight.network);
    }
    if (sight.target.pod && !sight.netns.empty()) LookInto(*host_end, sight);
  }
  return sights;
}

std::vector<Drift::Done> Mend(const Sights& sights) {
  std::vector<Drift::Done> done;
  auto host = netlink::Socket::Open();
  for (const Sight& sight : sights) {
    Drift::Done one{sight.target.attachment, {}};
    const auto netns = AnyInPod(sight.missing)
                           ? netlink::OpenNetns(sight.netns)
                           : absl::StatusOr<base::Fd>(base::Fd());
    const absl::Status status = host.ok() ? netns.status() : host.status();
    if (status.ok()) {
      one.parts =
          netlink::Mend(*host, netns->get(), sight.network, sight.missing);
    } else {
      for (const PodPart part : sight.missing) {
        one.parts.push_back({part, status});
      }
    }
    done.push_back(std::move(one));
  }
  return done;
}

}  // namespace applets::ipamd
