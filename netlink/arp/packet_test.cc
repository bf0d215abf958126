#include "netlink/arp/packet.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace netlink::arp {
namespace {

using ::testing::ElementsAreArray;

constexpr base::Mac kMac({0x52, 0x54, 0, 0, 0, 1});
constexpr base::Mac kOther({0x52, 0x54, 0, 0, 0, 2});
constexpr base::Ipv4 kAddress(0x0a090807);

std::vector<uint8_t> Bytes(const Packet& packet) {
  const Frame frame = Encode(packet);
  return {frame.begin(), frame.end()};
}

TEST(PacketTest, AProbeClaimsNoAddress) {
  EXPECT_THAT(
      Bytes(Probe(kMac, kAddress)),
      ElementsAreArray({
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                          //
          0x52, 0x54, 0,    0,    0,    1,    0x08, 0x06,              //
          0,    1,    0x08, 0x00, 6,    4,    0,    1,                 //
          0x52, 0x54, 0,    0,    0,    1,    0,    0,    0,    0,     //
          0,    0,    0,    0,    0,    0,    0x0a, 0x09, 0x08, 0x07,  //
      }));
}

TEST(PacketTest, AnAnnouncementIsARequestFromAndForTheAddress) {
  const Packet packet = Announcement(kMac, kAddress);
  EXPECT_EQ(packet.operation, Operation::kRequest);
  EXPECT_EQ(packet.destination, kBroadcast);
  EXPECT_EQ(packet.sender_address, kAddress);
  EXPECT_EQ(packet.target_address, kAddress);
  EXPECT_EQ(packet.target_mac, base::Mac());
}

TEST(PacketTest, AReplyGoesToWhoAsked) {
  const Packet reply = Reply(Probe(kMac, kAddress), kOther);
  EXPECT_EQ(reply.destination, kMac);
  EXPECT_EQ(reply.sender_mac, kOther);
  EXPECT_EQ(reply.sender_address, kAddress);
  EXPECT_EQ(reply.target_address, base::Ipv4());
}

TEST(PacketTest, ComesBackAsItWas) {
  for (const Packet& packet :
       {Probe(kMac, kAddress), Announcement(kMac, kAddress),
        Reply(Probe(kMac, kAddress), kOther)}) {
    EXPECT_EQ(Decode(Encode(packet)), packet);
  }
}

TEST(PacketTest, TakesPaddingAsItComesOffAWire) {
  std::vector<uint8_t> frame = Bytes(Probe(kMac, kAddress));
  frame.resize(60);
  EXPECT_EQ(Decode(frame), Probe(kMac, kAddress));
}

TEST(PacketTest, RefusesAFrameCutAnywhere) {
  const std::vector<uint8_t> frame = Bytes(Probe(kMac, kAddress));
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(Decode(absl::MakeSpan(frame).first(size))) << size;
  }
}

TEST(PacketTest, RefusesATaggedFrame) {
  std::vector<uint8_t> frame = Bytes(Probe(kMac, kAddress));
  frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x64});
  EXPECT_FALSE(Decode(frame));
}

TEST(PacketTest, RefusesWhatIsNotIpv4OverEthernet) {
  // EtherType, hardware, protocol, both lengths; operation 3 is RARP's.
  for (const auto& [offset, value] :
       std::vector<std::pair<size_t, uint8_t>>{{13, 0x07},
                                               {15, 6},
                                               {17, 0xdd},
                                               {18, 8},
                                               {19, 16},
                                               {21, 3},
                                               {21, 0},
                                               {20, 1}}) {
    std::vector<uint8_t> frame = Bytes(Probe(kMac, kAddress));
    frame[offset] = value;
    EXPECT_FALSE(Decode(frame)) << offset;
  }
}

}  // namespace
}  // namespace netlink::arp
