#ifndef CNIVPC_APPLETS_VPCSIM_SWITCH_H_
#define CNIVPC_APPLETS_VPCSIM_SWITCH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "applets/vpcsim/directory.h"
#include "base/address.h"
#include "netlink/arp/packet.h"

namespace applets::vpcsim {

// The VPC's switch: what becomes of a frame. Pure.
//
// It forwards IPv4 by address, not by MAC, as an SDN does: to the interface
// that has the destination at this moment, with that interface's MAC put in.
// It answers ARP itself, and lets nothing else through. What is outside of all
// subnets, the subnets' gateways and the metadata service are behind the
// gateway's port.

// The gateway's port, a link that the fabric makes, and its MAC.
inline constexpr absl::string_view kGatewayPort = "vpc0";
inline constexpr base::Mac kGatewayMac({0x02, 0x76, 0x70, 0x63, 0x00, 0x01});
// 100.80.80.80, where hosts read their metadata.
inline constexpr base::Ipv4 kMetadataAddress(0x64505050);

// Why a frame is lost.
enum class DropReason : uint8_t {
  kNoInterface,  // nobody has an interface at the port it came from
  kSpoofed,      // from a MAC or an address that isn't the sender's
  kNoOwner,      // to an address of a subnet that nobody has
  kNoPort,       // to an interface that the fabric has no link to
  kSamePort,     // to the port it came from
  kBroadcast,    // to everybody, ARP aside
  kMulticast,
  kIpv6,
  kVlan,
  kOtherType,  // any other EtherType
  kMalformed,
  kTooBig,     // for the link of the receiver (fabric.h)
  kCongested,  // the link of the receiver doesn't take it (fabric.h)
};
inline constexpr size_t kDropReasons = 13;
// "no-owner".
absl::string_view Name(DropReason reason);

// Why ARP isn't answered though nothing is wrong with it.
enum class ArpSilence : uint8_t {
  kAnnouncement,  // it asks nothing, or is an answer
  kOwnAddress,    // the asker has the address: a prober about itself
  kNobody,        // nobody has it
};
inline constexpr size_t kArpSilences = 3;
// "own-address".
absl::string_view Name(ArpSilence silence);

// Out of `port`, its destination rewritten.
struct Forward {
  std::string port;
  base::Mac destination;

  friend bool operator==(const Forward&, const Forward&) = default;
};
// `frame` back to where it came from.
struct Answer {
  netlink::arp::Frame frame;

  friend bool operator==(const Answer&, const Answer&) = default;
};
using Decision = std::variant<Forward, Answer, ArpSilence, DropReason>;

// What becomes of `frame`, which came in on `port`. A VLAN tag must still be in
// the frame (packet sockets take it out).
Decision Decide(const Directory& directory, absl::string_view port,
                absl::Span<const uint8_t> frame);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_SWITCH_H_
