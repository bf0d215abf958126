#ifndef CNIVPC_NETLINK_POD_REPAIR_H_
#define CNIVPC_NETLINK_POD_REPAIR_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/link.h"
#include "netlink/pod_parts.h"
#include "netlink/socket.h"

namespace netlink {

// Brings pods' networks back to what SetUp made of them: what is missing is
// made anew, by the same requests; what is there is left alone. So is what
// later plugins of a chain, or the pod, have done with intent:
//  - further addresses, routes and rules, another MTU;
//  - another MAC of the pod's end, with which the neighbour entry goes: the pod
//    then asks by ARP; another one of the host's end, if the pod's entry has
//    it;
//  - a default route of any kind, in any table;
//  - a pod's end that was renamed or put into a bridge (virtual machines): then
//    everything inside is somebody else's business.

// What the node's kernel holds, as far as pods' networks consist of it.
struct NodeView {
  std::map<uint32_t, Link> links;                   // the veths, by index
  std::map<base::Ipv4, std::set<uint32_t>> routes;  // /32, table main: to where
  std::set<base::Ipv4> rules;                       // PodRule
  // PodSourceRule: the tables.
  std::map<base::Ipv4, std::set<uint32_t>> source_rules;
  // Of all interfaces, by the interface's index.
  std::map<uint32_t, std::set<base::Ipv4>> proxies;
};
// Five dumps.
absl::StatusOr<NodeView> ViewNode(Socket& host);

// The host end of `made`, or nullptr: the link with its alias; else, if
// somebody has taken the alias away, the link numbered made.host_ifindex (0:
// not known), or else the one that has its name and is routed its address.
// Never a link with an alias of ours that says something else.
const Link* FindHostEnd(const NodeView& view, const PodNetwork& made);

// What the node lacks of `made`, whose host end is `host_end`. Pure.
std::set<PodPart> MissingOnNode(const NodeView& view, const Link& host_end,
                                const PodNetwork& made);

// What the pod lacks of it, and kHostMac with that: whether the host end's MAC
// is right is seen only there. `netns_fd` is borrowed. NOT_FOUND: it isn't the
// namespace of the host end's peer.
absl::StatusOr<std::set<PodPart>> MissingInPod(const Link& host_end,
                                               const PodNetwork& made,
                                               int netns_fd);

// One part that was missing, and whether it is there now.
struct Mended {
  PodPart part;
  absl::Status status;
};

// Makes `parts` of a network whose indexes are set. `netns_fd`, borrowed, is -1
// where nothing is to be made in the pod. Parts that somebody else has made
// meanwhile are fine. A source rule takes the place of one that names another
// table: the interface has got another number. Should the host end go at the
// same time, then rules and proxy, which don't go with it, are taken back.
std::vector<Mended> Mend(Socket& host, int netns_fd, const PodNetwork& network,
                         const std::set<PodPart>& parts);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_REPAIR_H_
