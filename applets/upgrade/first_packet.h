#ifndef CNIVPC_APPLETS_UPGRADE_FIRST_PACKET_H_
#define CNIVPC_APPLETS_UPGRADE_FIRST_PACKET_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/address.h"

namespace applets::upgrade {

// How long the node waits for a pod's answer, and how often it asks: the first
// packet may be lost to a network policy that isn't in place yet.
inline constexpr absl::Duration kPacketLimit = absl::Seconds(1);
inline constexpr int kPacketAttempts = 3;

// Sends a UDP datagram from the node to the pod and one back, as kubelet's
// probes go: an answer gets through any firewall that lets a node work.
// Namespaces are borrowed; `node_netns_fd` -1 is the calling thread's.
// UNAVAILABLE says which way was lost.
absl::Status ExchangePacket(int node_netns_fd, int pod_netns_fd,
                            base::Ipv4 pod);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FIRST_PACKET_H_
