#include "netlink/pod_teardown.h"

#include <linux/rtnetlink.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/delete_link.h"
#include "netlink/neigh.h"
#include "netlink/pod_network.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

absl::Status NoHostEnd(const PodTraces& traces) {
  return absl::NotFoundError(
      absl::StrCat("no interface has the alias ", traces.alias));
}

absl::StatusOr<Link> FindByName(Socket& host, const PodTraces& traces) {
  ASSIGN_OR_RETURN(Link link, GetLink(host, traces.host_ifname));
  const bool unclaimed = link.alias.empty() && link.kind == "veth";
  if (link.alias == traces.alias || unclaimed) return link;
  return NoHostEnd(traces);
}

absl::StatusOr<Link> FindByAlias(Socket& host, const PodTraces& traces) {
  ASSIGN_OR_RETURN(std::vector<Link> links, ListLinks(host, "veth"));
  for (Link& link : links) {
    if (link.alias == traces.alias) return std::move(link);
  }
  return NoHostEnd(traces);
}

// The addresses whose rules and proxies are to go: the one that is known, else
// those that are routed to the host end.
absl::StatusOr<std::vector<base::Ipv4>> AddressesOf(Socket& host,
                                                    const PodTraces& traces,
                                                    uint32_t host_ifindex) {
  if (traces.address) return std::vector<base::Ipv4>{*traces.address};
  std::vector<base::Ipv4> addresses;
  if (host_ifindex == 0) return addresses;
  ASSIGN_OR_RETURN(const auto routes,
                   ListRoutes(host, {.ifindex = host_ifindex}));
  for (const Route& route : routes) {
    if (route.destination.length() == 32) {
      addresses.push_back(route.destination.first());
    }
  }
  return addresses;
}

void AddRemovalOfRules(Batch& batch, base::Ipv4 address) {
  batch.Add(RemoveRule(PodRule(address)));
  batch.Add(RemoveRule(PodSourceRule(address, 0)));
}

absl::Status AddRemovalEverywhere(Socket& host, Batch& batch,
                                  base::Ipv4 address) {
  ASSIGN_OR_RETURN(const auto proxies, ListProxies(host, 0));
  for (const Neighbor& proxy : proxies) {
    if (proxy.address != address) continue;
    batch.Add(RemoveProxy(proxy.ifindex, address));
  }
  AddRemovalOfRules(batch, address);
  return absl::OkStatus();
}

absl::Status RemoveTraces(Socket& host, const PodTraces& traces,
                          uint32_t host_ifindex) {
  ASSIGN_OR_RETURN(const auto addresses,
                   AddressesOf(host, traces, host_ifindex));
  Batch batch;
  for (const base::Ipv4 address : addresses) {
    ASSIGN_OR_RETURN(const bool another,
                     ServesAnother(host, address, host_ifindex));
    if (another) continue;
    if (traces.node_ifindex != 0) {
      AddRemoval(batch, address, traces.node_ifindex);
    } else {
      RETURN_IF_ERROR(AddRemovalEverywhere(host, batch, address));
    }
  }
  for (const absl::Status& status : host.Transact(batch)) {
    RETURN_IF_ERROR(IgnoreMissing(status));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Link> FindHostEnd(Socket& host, const PodTraces& traces) {
  return traces.host_ifname.empty() ? FindByAlias(host, traces)
                                    : FindByName(host, traces);
}

absl::StatusOr<bool> ServesAnother(Socket& host, base::Ipv4 address,
                                   uint32_t ifindex) {
  const auto route = LookUpRoute(host, address);
  if (base::ErrnoOf(route.status()) == ENETUNREACH) return false;
  if (!route.ok()) return route.status();
  return route->destination.length() == 32 && route->ifindex != 0 &&
         route->ifindex != ifindex;
}

void AddRemoval(Batch& batch, base::Ipv4 address, uint32_t node_ifindex) {
  batch.Add(RemoveProxy(node_ifindex, address));
  AddRemovalOfRules(batch, address);
}

absl::Status TearDown(Socket& host, const PodTraces& traces) {
  const auto link = FindHostEnd(host, traces);
  if (!link.ok() && !absl::IsNotFound(link.status())) return link.status();
  const uint32_t host_ifindex = link.ok() ? link->index : 0;
  RETURN_IF_ERROR(RemoveTraces(host, traces, host_ifindex));
  if (host_ifindex == 0) return absl::OkStatus();
  return DeleteLinkUntilGone(host_ifindex, kTearDownLimit);
}

}  // namespace netlink
