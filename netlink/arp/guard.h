#ifndef CNIVPC_NETLINK_ARP_GUARD_H_
#define CNIVPC_NETLINK_ARP_GUARD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/arp/packet.h"

namespace netlink::arp {

// RFC 5227 §1.1: the least time between two defences.
inline constexpr absl::Duration kDefendInterval = absl::Seconds(10);

// Broadcast Announcement(mac, address) now: `other` claims our address.
struct Defend {
  base::Ipv4 address;
  base::Mac other;
  friend bool operator==(const Defend&, const Defend&) = default;
};
// `other` claims our address again: we have defended it and may not any more.
struct Contested {
  base::Ipv4 address;
  base::Mac other;
  friend bool operator==(const Contested&, const Contested&) = default;
};

// Send Reply(Probe(to, address), mac) now: `to` wants to know whether our
// address is free.
struct Answer {
  base::Ipv4 address;
  base::Mac to;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// Watches over addresses in use on one link (RFC 5227 §2.4) and defends each by
// way (b): with one announcement, if no conflict was seen within
// kDefendInterval; otherwise it says that the address is contested. The RFC
// would have it given up then; whether to is left to who is told. Pure. One
// thread.
//
// It also answers probes (§2.5), for the kernel doesn't: arp_process in Linux
// answers a request without a sender address only if the target is the host's
// own, not if the host is a proxy for it, as a node is for its pods. Requests
// with a sender address are the kernel's.
class Guard {
 public:
  using Action = std::variant<Defend, Contested, Answer>;

  struct Counters {
    uint64_t conflicts = 0;  // packets
    uint64_t defended = 0;   // less those that could not be sent
    uint64_t contested = 0;
    uint64_t answered = 0;  // probes
  };

  // `mac` is the interface's own.
  explicit Guard(const base::Mac& mac) : mac_(mac) {}

  // Nothing changes if `address` is watched already, or is not.
  void Watch(base::Ipv4 address);
  void Unwatch(base::Ipv4 address);

  // A conflict is a packet with our address as its sender's and a sender MAC
  // that isn't ours (§2.4). An address is told to be contested at most once in
  // kDefendInterval.
  [[nodiscard]] std::optional<Action> OnPacket(const Packet& packet,
                                               absl::Time now);
  // The announcement could not be sent (ENOBUFS): the next conflict is
  // answered by another.
  void OnSendFailed(base::Ipv4 address);
  void OnNewMac(const base::Mac& mac) { mac_ = mac; }

  size_t watched() const { return leases_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  struct Lease {
    absl::Time last_conflict = absl::InfinitePast();
    absl::Time last_told = absl::InfinitePast();
  };

  std::optional<Action> OnProbe(const Packet& packet);

  base::Mac mac_;
  absl::flat_hash_map<base::Ipv4, Lease> leases_;
  Counters counters_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_GUARD_H_
