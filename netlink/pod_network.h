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
#include "netlink/pod_parts.h"
#include "netlink/socket.h"

namespace netlink {

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

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_NETWORK_H_
