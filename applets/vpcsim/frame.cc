#include "applets/vpcsim/frame.h"

#include <algorithm>
#include <array>

#include "netlink/arp/packet.h"

namespace applets::vpcsim {
namespace {

constexpr size_t kIpv4Bytes = 20;

uint16_t Number16(absl::Span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

base::Ipv4 AddressAt(absl::Span<const uint8_t> bytes, size_t at) {
  const uint32_t high = Number16(bytes, at);
  return base::Ipv4(high << 16 | Number16(bytes, at + 2));
}

base::Mac MacAt(absl::Span<const uint8_t> bytes, size_t at) {
  std::array<uint8_t, 6> mac;
  std::copy_n(bytes.begin() + at, mac.size(), mac.begin());
  return base::Mac(mac);
}

}  // namespace

std::optional<EthernetHeader> ReadEthernet(absl::Span<const uint8_t> frame) {
  if (frame.size() < kEthernetBytes) return std::nullopt;
  return EthernetHeader{.destination = MacAt(frame, 0),
                        .source = MacAt(frame, 6),
                        .ether_type = Number16(frame, 12)};
}

std::optional<Ipv4Header> ReadIpv4(absl::Span<const uint8_t> frame) {
  if (frame.size() < kEthernetBytes + kIpv4Bytes) return std::nullopt;
  const absl::Span<const uint8_t> packet = frame.subspan(kEthernetBytes);
  const size_t header_bytes = (packet[0] & 0xf) * size_t{4};
  const size_t total_bytes = Number16(packet, 2);
  if (packet[0] >> 4 != 4 || header_bytes < kIpv4Bytes ||
      total_bytes < header_bytes || total_bytes > packet.size()) {
    return std::nullopt;
  }
  return Ipv4Header{.source = AddressAt(packet, 12),
                    .destination = AddressAt(packet, 16)};
}

void SetDestination(absl::Span<uint8_t> frame, const base::Mac& mac) {
  std::copy(mac.bytes().begin(), mac.bytes().end(), frame.begin());
}

FrameSummary Summarize(absl::Span<const uint8_t> frame) {
  FrameSummary summary;
  if (const auto ethernet = ReadEthernet(frame)) summary.ethernet = *ethernet;
  if (const auto arp = netlink::arp::Decode(frame)) {
    summary.ip = {arp->sender_address, arp->target_address};
  } else if (const auto ip = ReadIpv4(frame)) {
    summary.ip = *ip;
  }
  return summary;
}

}  // namespace applets::vpcsim
