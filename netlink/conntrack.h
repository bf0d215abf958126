#ifndef CNIVPC_NETLINK_CONNTRACK_H_
#define CNIVPC_NETLINK_CONNTRACK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/socket.h"

namespace netlink {

// Connection tracking (linux/netfilter/nfnetlink_conntrack.h): which addresses
// still have connections through this node after their pod is gone.

// One connection, as the table of a network namespace has it:
//
//   CTA_TUPLE_ORIG   from → to, as the first packet had it
//   CTA_TUPLE_REPLY  the same of the answers; differs where there is NAT
//   CTA_STATUS       IPS_SEEN_REPLY, IPS_ASSURED, …
//   CTA_PROTOINFO    of TCP its state
struct Flow {
  std::array<base::Ipv4, 4> ends = {};  // from and to, original, then reply
  uint8_t protocol = 0;                 // IPPROTO_*
  uint32_t status = 0;                  // IPS_*
  std::optional<uint8_t> tcp_state = std::nullopt;  // TCP_CONNTRACK_*

  // Whether somebody may still send to either end and mean the pod that had
  // its address:
  //  - TCP: both sides have spoken (from SYN_RECV on) and it isn't over. After
  //    CLOSE (a reset) and in TIME_WAIT nobody sends any more: these linger for
  //    up to two minutes after every connection and would keep every address
  //    from its next pod. In SYN_SENT nobody has answered, so nothing depends
  //    on who has the address; and who knocks at a dead address goes on
  //    knocking.
  //  - Others: the kernel has seen packets both ways for a while
  //    (IPS_ASSURED). One question and its answer, a DNS look-up or a ping, is
  //    over with the answer.
  bool alive() const;
};

// InvalidArgument when `message` is not a well-formed IPv4 connection.
absl::StatusOr<Flow> ParseFlow(const Message& message);

// A socket for WithFlows, in the calling thread's network namespace.
// UNIMPLEMENTED: this kernel has no nfnetlink.
absl::StatusOr<Socket> OpenConntrack();

// No table has more connections than this.
inline constexpr size_t kMaxFlows = size_t{1} << 23;

// Those of `addresses` that have a connection that is alive, at any of its four
// ends. One list for all of them, read as it comes in: a large table costs
// time (some 0.1 s for 100,000 connections), not memory. Nothing is asked if
// there are no addresses. A connection that comes, goes or moves within the
// table while it is read may be missed.
//
// UNIMPLEMENTED: this kernel tracks no connections, so none can be known.
// PERMISSION_DENIED: CAP_NET_ADMIN is missing. OUT_OF_RANGE: kMaxFlows.
absl::StatusOr<std::set<base::Ipv4>> WithFlows(
    Socket& conntrack, const std::set<base::Ipv4>& addresses);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_CONNTRACK_H_
