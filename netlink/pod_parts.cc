#include "netlink/pod_parts.h"

#include <linux/rtnetlink.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/route.h"

namespace netlink {
namespace {

base::Ipv4Prefix Host(base::Ipv4 address) {
  return base::Ipv4Prefix::Containing(address, 32);
}

Request SetUpLink(uint32_t ifindex) {
  return ChangeLink({.ifindex = ifindex, .state = LinkChange::State::kUp});
}

}  // namespace

absl::string_view NameOf(PodPart part) {
  switch (part) {
    case PodPart::kHostEnd:
      return "host_end";
    case PodPart::kAlias:
      return "alias";
    case PodPart::kHostMac:
      return "host_mac";
    case PodPart::kRoute:
      return "route";
    case PodPart::kRule:
      return "rule";
    case PodPart::kProxy:
      return "proxy";
    case PodPart::kSourceRule:
      return "source_rule";
    case PodPart::kPodEnd:
      return "pod_end";
    case PodPart::kAddress:
      return "address";
    case PodPart::kNeighbor:
      return "neighbor";
    case PodPart::kDefaultRoute:
      return "default_route";
  }
  return "";
}

absl::string_view PurposeOf(PodPart part) {
  switch (part) {
    case PodPart::kHostEnd:
      return "set the host end up";
    case PodPart::kAlias:
      return "set the host end's alias";
    case PodPart::kHostMac:
      return "set the host end's MAC";
    case PodPart::kRoute:
      return "add the route to the pod";
    case PodPart::kRule:
      return "add the pod's policy rule";
    case PodPart::kProxy:
      return "add the proxy neighbour to the node's interface";
    case PodPart::kSourceRule:
      return "add the policy rule for what the pod sends";
    case PodPart::kPodEnd:
      return "set the pod's end up";
    case PodPart::kAddress:
      return "add the pod's address";
    case PodPart::kNeighbor:
      return "add the pod's neighbour entry for the node";
    case PodPart::kDefaultRoute:
      return "add the pod's default route";
  }
  return "";
}

bool IsInPod(PodPart part) { return part >= PodPart::kPodEnd; }

Request RequestFor(PodPart part, const PodNetwork& network) {
  switch (part) {
    case PodPart::kHostEnd:
      return SetUpLink(network.host_ifindex);
    case PodPart::kAlias:
      return ChangeLink(
          {.ifindex = network.host_ifindex, .alias = network.alias});
    case PodPart::kHostMac:
      return ChangeLink(
          {.ifindex = network.host_ifindex, .mac = network.host_mac});
    case PodPart::kRoute:
      return AddRoute(RouteToPod(network));
    case PodPart::kRule:
      return AddRule(PodRule(network.address));
    case PodPart::kProxy:
      return AddProxy(network.node_ifindex, network.address);
    case PodPart::kSourceRule:
      return AddRule(PodSourceRule(network.address, network.table));
    case PodPart::kPodEnd:
      return SetUpLink(network.pod_ifindex);
    case PodPart::kAddress:
      return AddAddress(
          {.ifindex = network.pod_ifindex, .address = network.address});
    case PodPart::kNeighbor:
      return SetPermanentNeighbor(network.pod_ifindex, network.node_address,
                                  network.host_mac);
    case PodPart::kDefaultRoute:
      break;
  }
  return AddRoute({.ifindex = network.pod_ifindex,
                   .gateway = network.node_address,
                   .onlink = true});
}

Rule PodRule(base::Ipv4 address) {
  return {.priority = kPodRulePriority, .to = Host(address)};
}

Rule PodSourceRule(base::Ipv4 address, uint32_t table) {
  return {.priority = kPodSourceRulePriority,
          .from = Host(address),
          .table = table};
}

Route RouteToPod(const PodNetwork& network) {
  return {.destination = Host(network.address),
          .ifindex = network.host_ifindex,
          .scope = RT_SCOPE_LINK};
}

absl::Status CheckExistingRoute(Socket& host, const PodNetwork& network) {
  ASSIGN_OR_RETURN(const Route route, LookUpRoute(host, network.address));
  if (route.ifindex == network.host_ifindex) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      network.address.ToString(),
      " is in use: the node routes it to interface number ", route.ifindex));
}

}  // namespace netlink
