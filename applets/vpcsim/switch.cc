#include "applets/vpcsim/switch.h"

#include <linux/if_ether.h>

#include <array>
#include <optional>

#include "applets/vpcsim/frame.h"

namespace applets::vpcsim {
namespace {

using netlink::arp::Packet;

// Who sent the frame: the gateway sees all VPCs.
struct Sender {
  const Directory& directory;
  Nic nic;

  bool is_gateway() const { return nic.port == kGatewayPort; }
};

bool IsGatewayAddress(const Sender& sender, base::Ipv4 address) {
  if (address == kMetadataAddress) return true;
  const auto net = sender.directory.NetOf(sender.nic.vpc, address);
  return net && net->gateway == address;
}

// The gateway speaks for itself and for all that is outside.
bool MaySendFrom(const Sender& sender, base::Ipv4 address) {
  if (sender.is_gateway()) {
    return IsGatewayAddress(sender, address) ||
           !sender.directory.NetOf("", address);
  }
  const auto owner = sender.directory.OwnerOf(sender.nic.vpc, address);
  return owner && owner->mac == sender.nic.mac;
}

// An address that no single interface can have.
std::optional<DropReason> ToGroup(const EthernetHeader& ethernet,
                                  base::Ipv4 address,
                                  const std::optional<Net>& net) {
  if (ethernet.destination == netlink::arp::kBroadcast ||
      address == base::Ipv4(0xffffffff) ||
      (net && address == net->prefix.last())) {
    return DropReason::kBroadcast;
  }
  if (ethernet.to_group() || address.bits() >> 28 == 0xe) {
    return DropReason::kMulticast;
  }
  return std::nullopt;
}

Decision SendTo(const Sender& sender, const Nic& receiver) {
  if (receiver.port.empty()) return DropReason::kNoPort;
  if (receiver.port == sender.nic.port) return DropReason::kSamePort;
  return Forward{receiver.port, receiver.mac};
}

Decision DecideIpv4(const Sender& sender, const EthernetHeader& ethernet,
                    absl::Span<const uint8_t> frame) {
  const auto ip = ReadIpv4(frame);
  if (!ip) return DropReason::kMalformed;
  const auto net = sender.directory.NetOf(sender.nic.vpc, ip->destination);
  if (const auto group = ToGroup(ethernet, ip->destination, net)) return *group;
  if (!MaySendFrom(sender, ip->source)) return DropReason::kSpoofed;
  if (!net || IsGatewayAddress(sender, ip->destination)) {
    return SendTo(sender, {kGatewayMac, "", std::string(kGatewayPort)});
  }
  const auto owner = sender.directory.OwnerOf(sender.nic.vpc, ip->destination);
  if (!owner) return DropReason::kNoOwner;
  return SendTo(sender, *owner);
}

// Who answers for an address: its owner, or the gateway.
std::optional<base::Mac> Answerer(const Sender& sender, base::Ipv4 address) {
  if (IsGatewayAddress(sender, address)) return kGatewayMac;
  const auto owner = sender.directory.OwnerOf(sender.nic.vpc, address);
  if (!owner) return std::nullopt;
  return owner->mac;
}

// An ARP packet claims its sender's address, unless it is a probe (RFC 5227
// §1.1).
bool ClaimsFalsely(const Sender& sender, const Packet& packet) {
  return packet.sender_mac != sender.nic.mac ||
         (packet.sender_address != base::Ipv4() &&
          !MaySendFrom(sender, packet.sender_address));
}

Decision DecideArp(const Sender& sender, absl::Span<const uint8_t> frame) {
  const auto packet = netlink::arp::Decode(frame);
  if (!packet) return DropReason::kMalformed;
  if (ClaimsFalsely(sender, *packet)) return DropReason::kSpoofed;
  if (packet->operation == netlink::arp::Operation::kReply ||
      packet->sender_address == packet->target_address) {
    return ArpSilence::kAnnouncement;
  }
  const auto mac = Answerer(sender, packet->target_address);
  if (!mac) return ArpSilence::kNobody;
  if (*mac == sender.nic.mac) return ArpSilence::kOwnAddress;
  return Answer{netlink::arp::Encode(netlink::arp::Reply(*packet, *mac))};
}

std::optional<Nic> SenderAt(const Directory& directory,
                            absl::string_view port) {
  if (port == kGatewayPort) return Nic{kGatewayMac, "", std::string(port)};
  return directory.AtPort(port);
}

Decision DecideOtherType(uint16_t ether_type) {
  switch (ether_type) {
    case ETH_P_IPV6:
      return DropReason::kIpv6;
    case ETH_P_8021Q:
    case ETH_P_8021AD:
      return DropReason::kVlan;
    default:
      return DropReason::kOtherType;
  }
}

}  // namespace

absl::string_view Name(DropReason reason) {
  static constexpr std::array<absl::string_view, kDropReasons> kNames = {
      "no-interface", "spoofed",   "no-owner", "no-port", "same-port",
      "broadcast",    "multicast", "ipv6",     "vlan",    "other-type",
      "malformed",    "too-big",   "congested"};
  return kNames[static_cast<size_t>(reason)];
}

absl::string_view Name(ArpSilence silence) {
  static constexpr std::array<absl::string_view, kArpSilences> kNames = {
      "announcement", "own-address", "nobody"};
  return kNames[static_cast<size_t>(silence)];
}

Decision Decide(const Directory& directory, absl::string_view port,
                absl::Span<const uint8_t> frame) {
  const auto ethernet = ReadEthernet(frame);
  if (!ethernet) return DropReason::kMalformed;
  const auto nic = SenderAt(directory, port);
  if (!nic) return DropReason::kNoInterface;
  const Sender sender{directory, *nic};
  if (ethernet->source != nic->mac) return DropReason::kSpoofed;
  switch (ethernet->ether_type) {
    case ETH_P_IP:
      return DecideIpv4(sender, *ethernet, frame);
    case ETH_P_ARP:
      return DecideArp(sender, frame);
    default:
      return DecideOtherType(ethernet->ether_type);
  }
}

}  // namespace applets::vpcsim
