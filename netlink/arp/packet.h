#ifndef CNIVPC_NETLINK_ARP_PACKET_H_
#define CNIVPC_NETLINK_ARP_PACKET_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "base/address.h"

namespace netlink::arp {

// An ARP packet for IPv4 in an Ethernet frame (RFC 826). Bytes of the frame:
//
//    0 destination MAC    6 source MAC    12 EtherType 0x0806
//   14 hardware 1   16 protocol 0x0800   18 lengths 6, 4   20 operation
//   22 sender MAC   28 sender address    32 target MAC     38 target address
inline constexpr size_t kFrameBytes = 42;
using Frame = std::array<uint8_t, kFrameBytes>;

enum class Operation : uint16_t { kRequest = 1, kReply = 2 };

struct Packet {
  base::Mac destination = {};  // of the frame
  base::Mac source = {};
  Operation operation = Operation::kRequest;
  base::Mac sender_mac = {};
  base::Ipv4 sender_address = {};
  base::Mac target_mac = {};
  base::Ipv4 target_address = {};

  friend bool operator==(const Packet&, const Packet&) = default;
};

inline constexpr base::Mac kBroadcast({0xff, 0xff, 0xff, 0xff, 0xff, 0xff});

// RFC 5227 §1.1: asks who has `address` without claiming one, so that no
// neighbour table changes.
Packet Probe(const base::Mac& mac, base::Ipv4 address);
bool IsProbe(const Packet& packet);
// RFC 5227 §1.1, §3: a broadcast request with sender = target = `address`; who
// has an entry for it updates the MAC.
Packet Announcement(const base::Mac& mac, base::Ipv4 address);
// The answer to `request` from the owner of what it asks for.
Packet Reply(const Packet& request, const base::Mac& mac);

Frame Encode(const Packet& packet);

// Empty when `frame` is not ARP for IPv4 over untagged Ethernet: short,
// VLAN-tagged, foreign hardware or protocol, an operation other than request
// and reply. Bytes after the packet are padding. (The kernel takes a VLAN tag
// out of what a packet socket receives: who receives must also look at
// PACKET_AUXDATA.)
std::optional<Packet> Decode(absl::Span<const uint8_t> frame);

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_PACKET_H_
