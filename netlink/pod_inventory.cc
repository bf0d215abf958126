#include "netlink/pod_inventory.h"

#include <linux/rtnetlink.h>

#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "netlink/neigh.h"
#include "netlink/pod_network.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {

absl::StatusOr<std::vector<PodLink>> ListPodLinks(Socket& host) {
  ASSIGN_OR_RETURN(std::vector<Link> links, ListLinks(host, "veth"));
  std::vector<PodLink> pod_links;
  for (Link& link : links) {
    std::optional<AliasedAttachment> attachment =
        ParseAttachmentAlias(link.alias);
    if (attachment) {
      pod_links.push_back({std::move(link), *std::move(attachment)});
    }
  }
  return pod_links;
}

absl::StatusOr<std::vector<Link>> ListUnclaimedPodLinks(Socket& host) {
  ASSIGN_OR_RETURN(std::vector<Link> links, ListLinks(host, "veth"));
  std::vector<Link> unclaimed;
  for (Link& link : links) {
    if (link.alias.empty() && IsHostIfname(link.name)) {
      unclaimed.push_back(std::move(link));
    }
  }
  return unclaimed;
}

absl::StatusOr<std::vector<PodRoute>> ListPodRoutes(Socket& host) {
  ASSIGN_OR_RETURN(const auto links, ListLinks(host, "veth"));
  absl::flat_hash_set<uint32_t> host_ends;
  for (const Link& link : links) {
    if (IsHostIfname(link.name)) host_ends.insert(link.index);
  }
  ASSIGN_OR_RETURN(const auto routes, ListRoutes(host, RouteFilter{}));
  std::vector<PodRoute> pod_routes;
  for (const Route& route : routes) {
    if (route.destination.length() == 32 && route.scope == RT_SCOPE_LINK &&
        host_ends.contains(route.ifindex)) {
      pod_routes.push_back({route.destination.first(), route.ifindex});
    }
  }
  return pod_routes;
}

absl::StatusOr<std::vector<base::Ipv4>> ListPodRules(Socket& host) {
  ASSIGN_OR_RETURN(const auto rules, ListRules(host, kPodRulePriority));
  std::vector<base::Ipv4> addresses;
  for (const Rule& rule : rules) {
    // Others may use the priority, too.
    if (rule.to && rule == PodRule(rule.to->first())) {
      addresses.push_back(rule.to->first());
    }
  }
  return addresses;
}

absl::StatusOr<std::vector<SourceRule>> ListPodSourceRules(Socket& host) {
  ASSIGN_OR_RETURN(const auto rules, ListRules(host, kPodSourceRulePriority));
  std::vector<SourceRule> entries;
  for (const Rule& rule : rules) {
    if (rule.from && rule == PodSourceRule(rule.from->first(), rule.table)) {
      entries.push_back({rule.from->first(), rule.table});
    }
  }
  return entries;
}

absl::StatusOr<std::vector<base::Ipv4>> ListPodProxies(Socket& host,
                                                       uint32_t node_ifindex) {
  ASSIGN_OR_RETURN(const auto proxies, ListProxies(host, node_ifindex));
  std::vector<base::Ipv4> addresses;
  addresses.reserve(proxies.size());
  for (const Neighbor& proxy : proxies) addresses.push_back(proxy.address);
  return addresses;
}

}  // namespace netlink
