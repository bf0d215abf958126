#ifndef CNIVPC_NETLINK_POD_NETWORK_H_
#define CNIVPC_NETLINK_POD_NETWORK_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "netlink/request.h"
#include "netlink/rule.h"
#include "netlink/socket.h"

namespace netlink {

// The network of one pod, all that the kernel holds of it:
//
//   pod                               │ node
//   eth0  ADDRESS/32 ──────── veth ───┼─ ucni0123456789a   alias cnivpc:ID/eth0
//   default via NODE onlink           │ route  ADDRESS/32 dev ucni… scope link
//   neighbour NODE → host MAC         │ rule   512: to ADDRESS lookup main
//   net.ipv4.ip_local_port_range      │ proxy  ADDRESS on the main interface
struct PodNetwork {
  std::string pod_ifname = {};   // CNI_IFNAME
  std::string host_ifname = {};  // attachment.h: HostIfname
  std::string alias = {};        // attachment.h: AttachmentAlias
  base::Ipv4 address = {};       // the pod's, /32
  base::Ipv4 node_address = {};  // the pod's gateway
  uint32_t node_ifindex = 0;     // the node's main interface (node.h)
  uint32_t mtu_bytes = 0;
  base::Mac pod_mac = {};
  base::Mac host_mac = {};
  uint32_t pod_ifindex = 0;  // ChooseIndexes
  uint32_t host_ifindex = 0;
};

inline constexpr uint32_t kPodRulePriority = 512;
inline constexpr char kPodPortRange[] = "32768 60999";

// Two different numbers in [kFirstIndex, kLastIndex). Choosing them ourselves
// lets one send name a link that an earlier message of it makes; at random, and
// far above the kernel's own, they rarely meet another's.
inline constexpr uint32_t kFirstIndex = 1 << 16;
inline constexpr uint32_t kLastIndex = 1 << 24;
struct VethIndexes {
  uint32_t pod;
  uint32_t host;
};
VethIndexes ChooseIndexes(absl::BitGenRef random);

// How often new indexes are chosen when one is taken.
inline constexpr int kMaxIndexAttempts = 4;

// Makes it, and returns it as it was made: the indexes are other ones than
// asked for when those were taken. `host` is a socket in the node's namespace;
// `netns_fd` is borrowed. On failure everything done is undone, in reverse.
//
// ALREADY_EXISTS: the pod has an interface of that name; it isn't touched.
// FAILED_PRECONDITION: the node routes the address to another interface, that
// is, another pod has it; or the host end's name belongs to something that is
// no veth. ABORTED: indexes were taken kMaxIndexAttempts times. A rule or proxy
// neighbour that is there already is fine, and so is a route to our own host
// end (Calico adds its own).
//
// A link that has the host end's name is deleted to make room. It is what an
// ADD that crashed left behind, or an older sandbox of the same pod: the name
// is the pod's, kubelet has stopped the old sandbox before it makes the new
// one, and only its DEL may still be to come. TearDown goes by the alias, so
// that DEL can't hit the new one.
absl::StatusOr<PodNetwork> SetUp(Socket& host, int netns_fd,
                                 const PodNetwork& wanted,
                                 absl::BitGenRef random);

// The node's rule for a pod: "512: to ADDRESS lookup main".
Rule PodRule(base::Ipv4 address);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_NETWORK_H_
