#include "netlink/pod_check.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}

template <typename... Parts>
absl::Status Missing(const Parts&... parts) {
  return absl::NotFoundError(absl::StrCat(parts...));
}

absl::StatusOr<Link> FindUp(Socket& socket, const std::string& name) {
  auto link = GetLink(socket, name);
  if (!link.ok()) {
    return base::Annotate(link.status(), absl::StrCat("interface ", name));
  }
  if (!link->up()) return Wrong("interface ", name, " is down");
  return link;
}

absl::Status CheckHostEnd(const Link& link, const PodNetwork& made) {
  if (link.alias == made.alias) return absl::OkStatus();
  return Wrong("interface ", link.name, " is of \"", link.alias, "\", not \"",
               made.alias, "\"");
}

absl::Status CheckRouteToPod(Socket& host, const PodNetwork& made,
                             const Link& host_end) {
  const std::string address = made.address.ToString();
  const auto route = LookUpRoute(host, made.address);
  if (!route.ok()) {
    return base::Annotate(route.status(), absl::StrCat("route to ", address));
  }
  if (route->destination.length() != 32) {
    return Missing("the node has no route to ", address);
  }
  if (route->ifindex == host_end.index) return absl::OkStatus();
  return Wrong("the node routes ", address, " to interface number ",
               route->ifindex, ", not to ", host_end.name);
}

absl::Status CheckRule(Socket& host, const PodNetwork& made) {
  ASSIGN_OR_RETURN(const bool found, HasRule(host, PodRule(made.address)));
  if (found) return absl::OkStatus();
  return Missing("the node has no rule ", kPodRulePriority, " to ",
                 made.address.ToString());
}

absl::Status CheckSourceRule(Socket& host, const PodNetwork& made) {
  if (made.table == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool found,
                   HasRule(host, PodSourceRule(made.address, made.table)));
  if (found) return absl::OkStatus();
  return Missing("the node has no rule ", kPodSourceRulePriority, " from ",
                 made.address.ToString(), " lookup ", made.table);
}

absl::Status CheckProxy(Socket& host, const PodNetwork& made) {
  const auto proxy = GetProxy(host, made.node_ifindex, made.address);
  if (proxy.ok()) return absl::OkStatus();
  return base::Annotate(
      proxy.status(),
      absl::StrCat("the node's proxy neighbour for ", made.address.ToString()));
}

absl::StatusOr<Link> CheckHost(Socket& host, const PodNetwork& made) {
  ASSIGN_OR_RETURN(const Link link, FindUp(host, made.host_ifname));
  RETURN_IF_ERROR(CheckHostEnd(link, made));
  RETURN_IF_ERROR(CheckRouteToPod(host, made, link));
  RETURN_IF_ERROR(CheckRule(host, made));
  RETURN_IF_ERROR(CheckSourceRule(host, made));
  RETURN_IF_ERROR(CheckProxy(host, made));
  return link;
}

absl::Status CheckPair(const Link& pod_end, const Link& host_end) {
  if (pod_end.peer_ifindex == host_end.index &&
      host_end.peer_ifindex == pod_end.index) {
    return absl::OkStatus();
  }
  return Wrong(pod_end.name, " in the pod and ", host_end.name,
               " are not ends of one veth pair");
}

absl::Status CheckAddress(Socket& pod, const PodNetwork& made,
                          const Link& pod_end) {
  ASSIGN_OR_RETURN(const auto addresses, ListAddresses(pod, pod_end.index));
  for (const InterfaceAddress& address : addresses) {
    if (address.address == made.address && address.prefix_length == 32) {
      return absl::OkStatus();
    }
  }
  return Missing(pod_end.name, " in the pod has no address ",
                 made.address.ToString(), "/32");
}

absl::Status CheckDefaultRoute(Socket& pod, const PodNetwork& made,
                               const Link& pod_end) {
  ASSIGN_OR_RETURN(const auto routes,
                   ListRoutes(pod, {.ifindex = pod_end.index}));
  for (const Route& route : routes) {
    if (route.destination.length() == 0 && route.gateway == made.node_address) {
      return absl::OkStatus();
    }
  }
  return Missing("the pod has no default route via ",
                 made.node_address.ToString(), " on ", pod_end.name);
}

// A later plugin that sets the pod's MAC makes the kernel forget the entry; the
// pod then asks by ARP, and the node answers.
bool MacWasChanged(const Link& pod_end, const PodNetwork& made) {
  return pod_end.mac != made.pod_mac;
}

// Against the host end's MAC as it is now, which a later plugin may have set.
absl::Status CheckNeighbor(Socket& pod, const PodNetwork& made,
                           const Link& pod_end, const Link& host_end) {
  const std::string node = made.node_address.ToString();
  const auto neighbor = GetNeighbor(pod, pod_end.index, made.node_address);
  if (!neighbor.ok()) {
    if (MacWasChanged(pod_end, made)) return IgnoreMissing(neighbor.status());
    return base::Annotate(neighbor.status(),
                          absl::StrCat("the pod's neighbour entry for ", node));
  }
  const bool lasting = neighbor->permanent() || MacWasChanged(pod_end, made);
  if (lasting && neighbor->mac == host_end.mac) return absl::OkStatus();
  return Wrong("the pod's neighbour entry for ", node,
               " is not permanent with MAC ", host_end.mac.ToString());
}

}  // namespace

absl::Status Check(Socket& host, int netns_fd, const PodNetwork& made) {
  ASSIGN_OR_RETURN(const Link host_end, CheckHost(host, made));
  ASSIGN_OR_RETURN(Socket pod, SocketIn(netns_fd));
  ASSIGN_OR_RETURN(const Link pod_end, FindUp(pod, made.pod_ifname));
  RETURN_IF_ERROR(CheckPair(pod_end, host_end));
  RETURN_IF_ERROR(CheckAddress(pod, made, pod_end));
  RETURN_IF_ERROR(CheckDefaultRoute(pod, made, pod_end));
  return CheckNeighbor(pod, made, pod_end, host_end);
}

}  // namespace netlink
