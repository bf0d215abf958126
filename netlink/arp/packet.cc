#include "netlink/arp/packet.h"

#include <algorithm>

namespace netlink::arp {
namespace {

constexpr uint16_t kEtherTypeArp = 0x0806;
constexpr uint16_t kHardwareEthernet = 1;
constexpr uint16_t kProtocolIpv4 = 0x0800;
constexpr uint16_t kAddressLengths = 0x0604;

// Big-endian numbers and addresses, one after another.
class Writer {
 public:
  explicit Writer(Frame& frame) : next_(frame.begin()) {}

  void Put16(uint16_t value) {
    *next_++ = static_cast<uint8_t>(value >> 8);
    *next_++ = static_cast<uint8_t>(value);
  }
  void PutMac(const base::Mac& mac) {
    next_ = std::copy(mac.bytes().begin(), mac.bytes().end(), next_);
  }
  void PutIpv4(base::Ipv4 address) {
    Put16(static_cast<uint16_t>(address.bits() >> 16));
    Put16(static_cast<uint16_t>(address.bits()));
  }

 private:
  Frame::iterator next_;
};

// The caller has checked that there are kFrameBytes.
class Reader {
 public:
  explicit Reader(absl::Span<const uint8_t> frame) : rest_(frame) {}

  uint16_t Take16() {
    const uint16_t value = static_cast<uint16_t>(rest_[0] << 8 | rest_[1]);
    rest_.remove_prefix(2);
    return value;
  }
  base::Mac TakeMac() {
    std::array<uint8_t, 6> bytes;
    std::copy_n(rest_.begin(), bytes.size(), bytes.begin());
    rest_.remove_prefix(bytes.size());
    return base::Mac(bytes);
  }
  base::Ipv4 TakeIpv4() {
    const uint32_t high = Take16();
    return base::Ipv4(high << 16 | Take16());
  }

 private:
  absl::Span<const uint8_t> rest_;
};

bool TakesKnownFormat(Reader& reader) {
  return reader.Take16() == kEtherTypeArp &&
         reader.Take16() == kHardwareEthernet &&
         reader.Take16() == kProtocolIpv4 && reader.Take16() == kAddressLengths;
}

}  // namespace

Packet Probe(const base::Mac& mac, base::Ipv4 address) {
  return {.destination = kBroadcast,
          .source = mac,
          .operation = Operation::kRequest,
          .sender_mac = mac,
          .sender_address = base::Ipv4(),
          .target_mac = base::Mac(),
          .target_address = address};
}

bool IsProbe(const Packet& packet) {
  return packet.operation == Operation::kRequest &&
         packet.sender_address == base::Ipv4();
}

Packet Announcement(const base::Mac& mac, base::Ipv4 address) {
  Packet packet = Probe(mac, address);
  packet.sender_address = address;
  return packet;
}

Packet Reply(const Packet& request, const base::Mac& mac) {
  return {.destination = request.sender_mac,
          .source = mac,
          .operation = Operation::kReply,
          .sender_mac = mac,
          .sender_address = request.target_address,
          .target_mac = request.sender_mac,
          .target_address = request.sender_address};
}

Frame Encode(const Packet& packet) {
  Frame frame;
  Writer writer(frame);
  writer.PutMac(packet.destination);
  writer.PutMac(packet.source);
  writer.Put16(kEtherTypeArp);
  writer.Put16(kHardwareEthernet);
  writer.Put16(kProtocolIpv4);
  writer.Put16(kAddressLengths);
  writer.Put16(static_cast<uint16_t>(packet.operation));
  writer.PutMac(packet.sender_mac);
  writer.PutIpv4(packet.sender_address);
  writer.PutMac(packet.target_mac);
  writer.PutIpv4(packet.target_address);
  return frame;
}

std::optional<Packet> Decode(absl::Span<const uint8_t> frame) {
  if (frame.size() < kFrameBytes) return std::nullopt;
  Reader reader(frame);
  Packet packet;
  packet.destination = reader.TakeMac();
  packet.source = reader.TakeMac();
  if (!TakesKnownFormat(reader)) return std::nullopt;
  packet.operation = Operation{reader.Take16()};
  if (packet.operation != Operation::kRequest &&
      packet.operation != Operation::kReply) {
    return std::nullopt;
  }
  packet.sender_mac = reader.TakeMac();
  packet.sender_address = reader.TakeIpv4();
  packet.target_mac = reader.TakeMac();
  packet.target_address = reader.TakeIpv4();
  return packet;
}

}  // namespace netlink::arp
