#ifndef CNIVPC_NETLINK_ARP_ANNOUNCE_H_
#define CNIVPC_NETLINK_ARP_ANNOUNCE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/fd.h"

namespace netlink::arp {

// RFC 5227 §1.1. The caller's timer sends the second one.
inline constexpr int kAnnounceNum = 2;
inline constexpr absl::Duration kAnnounceInterval = absl::Seconds(2);

// Announces addresses on one interface (RFC 5227 §2.3, §3), so that nobody goes
// on sending to their former owner. Owns a packet socket (packet(7)) that
// receives nothing; it belongs to the network namespace of the thread that
// opened it. Never blocks.
class Announcer {
 public:
  // `mac` is what the addresses are to be found at: the interface's own. Needs
  // CAP_NET_RAW. Interfaces are noticed missing by Announce.
  static absl::StatusOr<Announcer> Open(uint32_t ifindex, const base::Mac& mac);

  // Sends one announcement. The kernel's errno: ENXIO no such interface,
  // ENETDOWN it is down, ENOBUFS its queue is full.
  absl::Status Announce(base::Ipv4 address);

 private:
  Announcer(base::Fd fd, uint32_t ifindex, const base::Mac& mac)
      : fd_(std::move(fd)), ifindex_(ifindex), mac_(mac) {}

  base::Fd fd_;
  uint32_t ifindex_;
  base::Mac mac_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_ANNOUNCE_H_
