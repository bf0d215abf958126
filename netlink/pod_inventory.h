#ifndef CNIVPC_NETLINK_POD_INVENTORY_H_
#define CNIVPC_NETLINK_POD_INVENTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/attachment.h"
#include "netlink/link.h"
#include "netlink/socket.h"

namespace netlink {

// What the node's kernel holds of pods, for the daemon to compare with its
// leases.

struct PodLink {
  Link link;
  AliasedAttachment attachment;
};
// The links whose alias is one of ours.
absl::StatusOr<std::vector<PodLink>> ListPodLinks(Socket& host);

// The links without an alias that are named like a host end: pods that UK8S's
// own plugin made.
absl::StatusOr<std::vector<Link>> ListUnclaimedPodLinks(Socket& host);

struct PodRoute {
  base::Ipv4 address = {};
  uint32_t host_ifindex = 0;
};
// The /32 routes of table main, scope link, that lead to a link named like a
// host end.
absl::StatusOr<std::vector<PodRoute>> ListPodRoutes(Socket& host);

// The addresses that have a rule 2048 "from ADDRESS lookup TABLE", and the
// table: those of pods on further interfaces.
struct SourceRule {
  base::Ipv4 address = {};
  uint32_t table = 0;
};
absl::StatusOr<std::vector<SourceRule>> ListPodSourceRules(Socket& host);

// The addresses that have a rule 512 "to ADDRESS lookup main".
absl::StatusOr<std::vector<base::Ipv4>> ListPodRules(Socket& host);

// The addresses that the node answers ARP for on its main interface.
absl::StatusOr<std::vector<base::Ipv4>> ListPodProxies(Socket& host,
                                                       uint32_t node_ifindex);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_INVENTORY_H_
