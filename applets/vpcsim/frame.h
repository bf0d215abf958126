#ifndef CNIVPC_APPLETS_VPCSIM_FRAME_H_
#define CNIVPC_APPLETS_VPCSIM_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "base/address.h"

namespace applets::vpcsim {

// The head of an Ethernet frame. Bytes:
//
//    0 destination MAC    6 source MAC    12 EtherType
//
// and behind it that of an IPv4 packet (RFC 791):
//
//   14 version 4, header words 4 bits each   16 total length
//   26 source address    30 destination address
inline constexpr size_t kEthernetBytes = 14;

struct EthernetHeader {
  base::Mac destination = {};
  base::Mac source = {};
  uint16_t ether_type = 0;

  // The lowest bit of the first byte: broadcast and multicast.
  bool to_group() const { return destination.bytes()[0] & 1; }
};

struct Ipv4Header {
  base::Ipv4 source = {};
  base::Ipv4 destination = {};
};

// Empty when the frame is shorter than the header.
std::optional<EthernetHeader> ReadEthernet(absl::Span<const uint8_t> frame);
// Of the packet behind the Ethernet header. Empty when the version isn't 4, or
// the header or the packet reaches past the end of the frame. The checksum
// isn't looked at: the network leaves that to the receiver.
std::optional<Ipv4Header> ReadIpv4(absl::Span<const uint8_t> frame);

// Puts another destination into a frame of at least kEthernetBytes.
void SetDestination(absl::Span<uint8_t> frame, const base::Mac& mac);

// Who wrote to whom, for a person to read: as much as the frame tells, the
// rest zero. Addresses are those of IPv4 or ARP.
struct FrameSummary {
  EthernetHeader ethernet = {};
  Ipv4Header ip = {};
};
FrameSummary Summarize(absl::Span<const uint8_t> frame);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_FRAME_H_
