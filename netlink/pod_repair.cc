#include "netlink/pod_repair.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/pod_inventory.h"
#include "netlink/request.h"
#include "netlink/route.h"

namespace netlink {
namespace {

using Parts = std::set<PodPart>;

bool Routes(const NodeView& view, base::Ipv4 address, uint32_t ifindex) {
  const auto it = view.routes.find(address);
  return it != view.routes.end() && it->second.contains(ifindex);
}

bool HasProxy(const NodeView& view, const PodNetwork& made) {
  const auto it = view.proxies.find(made.node_ifindex);
  return it != view.proxies.end() && it->second.contains(made.address);
}

bool HasSourceRule(const NodeView& view, const PodNetwork& made) {
  const auto it = view.source_rules.find(made.address);
  return it != view.source_rules.end() && it->second.contains(made.table);
}

bool MayBeOurs(const Link& link) {
  return !ParseAttachmentAlias(link.alias).has_value();
}

// What there is in the pod of its network.
struct PodView {
  Link end;
  bool address = false;
  bool default_route = false;  // of any kind
  std::optional<Neighbor> node;
};

absl::StatusOr<Link> FindPodEnd(Socket& pod, const Link& host_end) {
  auto link = GetLink(pod, host_end.peer_ifindex);
  if (!link.ok()) return link.status();
  if (link->peer_ifindex == host_end.index) return link;
  return absl::NotFoundError(absl::StrCat("the peer of ", host_end.name,
                                          " isn't in the pod's namespace"));
}

absl::StatusOr<PodView> ViewPod(Socket& pod, const Link& host_end,
                                const PodNetwork& made) {
  PodView view;
  ASSIGN_OR_RETURN(view.end, FindPodEnd(pod, host_end));
  ASSIGN_OR_RETURN(const auto addresses, ListAddresses(pod, view.end.index));
  for (const InterfaceAddress& address : addresses) {
    if (address.address == made.address) view.address = true;
  }
  ASSIGN_OR_RETURN(const auto routes, ListRoutes(pod, {.table = 0}));
  for (const Route& route : routes) {
    if (route.destination.length() == 0) view.default_route = true;
  }
  const auto node = GetNeighbor(pod, view.end.index, made.node_address);
  RETURN_IF_ERROR(IgnoreMissing(node.status()));
  if (node.ok()) view.node = *node;
  return view;
}

bool WasRearranged(const Link& pod_end, const PodNetwork& made) {
  return pod_end.name != made.pod_ifname || pod_end.master_ifindex != 0;
}

// The MAC that the pod sends to must be the host end's. A pod whose own MAC was
// changed asks by ARP and needs no entry.
Parts WrongMacs(const PodView& view, const Link& host_end,
                const PodNetwork& made) {
  const bool resolved = view.node && view.node->mac == host_end.mac;
  if (resolved && view.node->permanent()) return {};
  if (view.end.mac != made.pod_mac && (resolved || !view.node)) return {};
  Parts parts;
  if (host_end.mac != made.host_mac) parts.insert(PodPart::kHostMac);
  const bool lasting =
      view.node && view.node->permanent() && view.node->mac == made.host_mac;
  if (!lasting) parts.insert(PodPart::kNeighbor);
  return parts;
}

// EEXIST: somebody else has made it meanwhile.
absl::Status Judge(Socket& socket, PodPart part, const PodNetwork& network,
                   const absl::Status& status) {
  if (base::ErrnoOf(status) != EEXIST) {
    return base::Annotate(status, PurposeOf(part));
  }
  if (part == PodPart::kRoute) return CheckExistingRoute(socket, network);
  return absl::OkStatus();
}

// Of whatever table. If there are more than that, the next look finds them.
void RemoveSourceRules(Socket& host, const PodNetwork& network) {
  constexpr int kMostTables = 8;
  const Request removal = RemoveRule(PodSourceRule(network.address, 0));
  for (int i = 0; i < kMostTables; ++i) {
    if (!host.Transact(removal).ok()) return;
  }
}

std::vector<Mended> Make(Socket& socket, const Parts& parts,
                         const PodNetwork& network) {
  Batch batch;
  for (const PodPart part : parts) batch.Add(RequestFor(part, network));
  if (parts.contains(PodPart::kSourceRule)) RemoveSourceRules(socket, network);
  const std::vector<absl::Status> statuses = socket.Transact(batch);
  std::vector<Mended> mended;
  size_t i = 0;
  for (const PodPart part : parts) {
    mended.push_back({part, Judge(socket, part, network, statuses[i++])});
  }
  return mended;
}

// The link goes with the pod's namespace, rule and proxy don't.
void TakeBackIfLinkIsGone(Socket& host, const PodNetwork& network) {
  const auto link = GetLink(host, network.host_ifindex);
  if (base::ErrnoOf(link.status()) != ENODEV) return;
  Batch batch;
  batch.Add(RemoveProxy(network.node_ifindex, network.address));
  batch.Add(RemoveRule(PodRule(network.address)));
  if (network.table != 0) {
    batch.Add(RemoveRule(PodSourceRule(network.address, network.table)));
  }
  host.Transact(batch);
}

// All of `parts` with the same outcome.
std::vector<Mended> AllWith(const Parts& parts, const absl::Status& status) {
  std::vector<Mended> mended;
  for (const PodPart part : parts) mended.push_back({part, status});
  return mended;
}

std::vector<Mended> MakeInPod(int netns_fd, const Parts& parts,
                              const PodNetwork& network) {
  if (parts.empty()) return {};
  auto pod = SocketIn(netns_fd);
  if (!pod.ok()) return AllWith(parts, pod.status());
  return Make(*pod, parts, network);
}

}  // namespace

absl::StatusOr<NodeView> ViewNode(Socket& host) {
  NodeView view;
  ASSIGN_OR_RETURN(auto links, ListLinks(host, "veth"));
  for (Link& link : links) view.links[link.index] = std::move(link);
  ASSIGN_OR_RETURN(const auto routes, ListRoutes(host, RouteFilter{}));
  for (const Route& route : routes) {
    if (route.destination.length() != 32) continue;
    view.routes[route.destination.first()].insert(route.ifindex);
  }
  ASSIGN_OR_RETURN(const auto rules, ListPodRules(host));
  view.rules = {rules.begin(), rules.end()};
  ASSIGN_OR_RETURN(const auto source_rules, ListPodSourceRules(host));
  for (const SourceRule& rule : source_rules) {
    view.source_rules[rule.address].insert(rule.table);
  }
  ASSIGN_OR_RETURN(const auto proxies, ListProxies(host, 0));
  for (const Neighbor& proxy : proxies) {
    view.proxies[proxy.ifindex].insert(proxy.address);
  }
  return view;
}

const Link* FindHostEnd(const NodeView& view, const PodNetwork& made) {
  const Link* stripped = nullptr;
  for (const auto& [index, link] : view.links) {
    if (link.alias == made.alias) return &link;
    const bool known =
        index == made.host_ifindex ||
        (link.name == made.host_ifname && Routes(view, made.address, index));
    if (known && MayBeOurs(link)) stripped = &link;
  }
  return stripped;
}

std::set<PodPart> MissingOnNode(const NodeView& view, const Link& host_end,
                                const PodNetwork& made) {
  Parts parts;
  if (!host_end.up()) parts.insert(PodPart::kHostEnd);
  if (host_end.alias != made.alias) parts.insert(PodPart::kAlias);
  if (!Routes(view, made.address, host_end.index)) {
    parts.insert(PodPart::kRoute);
  }
  if (!view.rules.contains(made.address)) parts.insert(PodPart::kRule);
  if (!HasProxy(view, made)) parts.insert(PodPart::kProxy);
  if (made.table != 0 && !HasSourceRule(view, made)) {
    parts.insert(PodPart::kSourceRule);
  }
  return parts;
}

absl::StatusOr<std::set<PodPart>> MissingInPod(const Link& host_end,
                                               const PodNetwork& made,
                                               int netns_fd) {
  ASSIGN_OR_RETURN(Socket pod, SocketIn(netns_fd));
  ASSIGN_OR_RETURN(const PodView view, ViewPod(pod, host_end, made));
  if (WasRearranged(view.end, made)) return Parts();
  Parts parts = WrongMacs(view, host_end, made);
  if (!view.end.up()) parts.insert(PodPart::kPodEnd);
  if (!view.address) parts.insert(PodPart::kAddress);
  if (!view.default_route) parts.insert(PodPart::kDefaultRoute);
  return parts;
}

std::vector<Mended> Mend(Socket& host, int netns_fd, const PodNetwork& network,
                         const std::set<PodPart>& parts) {
  Parts outside;
  Parts inside;
  for (const PodPart part : parts) {
    (IsInPod(part) ? inside : outside).insert(part);
  }
  std::vector<Mended> mended = Make(host, outside, network);
  if (outside.contains(PodPart::kRule) || outside.contains(PodPart::kProxy) ||
      outside.contains(PodPart::kSourceRule)) {
    TakeBackIfLinkIsGone(host, network);
  }
  for (Mended& part : MakeInPod(netns_fd, inside, network)) {
    mended.push_back(std::move(part));
  }
  return mended;
}

}  // namespace netlink
