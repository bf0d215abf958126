#ifndef CNIVPC_NETLINK_POD_PARTS_H_
#define CNIVPC_NETLINK_POD_PARTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/socket.h"

namespace netlink {

// The network of one pod, all that the kernel holds of it, in its parts:
// pod_network.h makes them all, pod_repair.h those that are missing.
//
//   pod                               │ node
//   eth0  ADDRESS/32 ──────── veth ───┼─ ucni0123456789a   alias cnivpc:ID/eth0
//   default via NODE onlink           │ route  ADDRESS/32 dev ucni… scope link
//   neighbour NODE → host MAC         │ rule   512: to ADDRESS lookup main
//   net.ipv4.ip_local_port_range      │ proxy  ADDRESS on the node's interface
//                                     │ rule   2048: from ADDRESS lookup TABLE
//
// The last one only where the node's interface is a further one
// (further_interface.h).
struct PodNetwork {
  std::string pod_ifname = {};   // CNI_IFNAME
  std::string host_ifname = {};  // attachment.h: HostIfname
  std::string alias = {};        // attachment.h: AttachmentAlias
  base::Ipv4 address = {};       // the pod's, /32
  base::Ipv4 node_address = {};  // the pod's gateway
  uint32_t node_ifindex = 0;     // the node's interface (node.h)
  uint32_t table = 0;            // that interface's; 0: it is the main one
  uint32_t mtu_bytes = 0;
  base::Mac pod_mac = {};
  base::Mac host_mac = {};
  uint32_t pod_ifindex = 0;  // pod_network.h: ChooseIndexes
  uint32_t host_ifindex = 0;
};

inline constexpr uint32_t kPodRulePriority = 512;
inline constexpr uint32_t kPodSourceRulePriority = 2048;

// What is made once the pair is there, in the order in which it is made. The
// first seven are the node's, the others the pod's.
enum class PodPart {
  kHostEnd,  // is up
  kAlias,    // of the host end
  kHostMac,
  kRoute,
  kRule,
  kProxy,
  kSourceRule,  // only on a further interface
  kPodEnd,      // is up
  kAddress,
  kNeighbor,
  kDefaultRoute,
};

// "host_end", "alias", "host_mac", "route", "rule", "proxy", "source_rule",
// "pod_end", "address", "neighbor", "default_route": in metrics, so they stay.
absl::string_view NameOf(PodPart part);
// "add the route to the pod", for errors.
absl::string_view PurposeOf(PodPart part);
// Whether the request for it is for a socket in the pod's namespace.
bool IsInPod(PodPart part);

// The request that makes it. Both indexes must be set, but for those of the
// node's rules and proxy.
[[nodiscard]] Request RequestFor(PodPart part, const PodNetwork& network);

// The node's rule for a pod: "512: to ADDRESS lookup main".
Rule PodRule(base::Ipv4 address);
// And that of a pod on a further interface: "2048: from ADDRESS lookup TABLE".
// RemoveRule of the one with table 0 removes whichever there is.
Rule PodSourceRule(base::Ipv4 address, uint32_t table);
// And its route to it.
Route RouteToPod(const PodNetwork& network);

// What EEXIST to the request for a route means: OK if the node routes the
// address to the host end (Calico adds its own), FAILED_PRECONDITION if to
// something else, that is, another pod has it.
absl::Status CheckExistingRoute(Socket& host, const PodNetwork& network);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_PARTS_H_
