#include "applets/vpcsim/switch.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "applets/vpcsim/table_directory.h"
#include "gtest/gtest.h"

namespace applets::vpcsim {
namespace {

using netlink::arp::Announcement;
using netlink::arp::Encode;
using netlink::arp::Packet;
using netlink::arp::Probe;
using Bytes = std::vector<uint8_t>;

constexpr base::Mac kMacA({2, 0, 0, 0, 0, 0xa});
constexpr base::Mac kMacB({2, 0, 0, 0, 0, 0xb});
constexpr base::Mac kMacX({2, 0, 0, 0, 0, 0x66});
constexpr base::Ipv4 kA(0x0a000001);          // node-a's primary
constexpr base::Ipv4 kPodOfA(0x0a000015);     // and secondary
constexpr base::Ipv4 kB(0x0a000002);          // node-b's
constexpr base::Ipv4 kElsewhere(0x0a000103);  // of an interface without link
constexpr base::Ipv4 kNobody(0x0a000063);
constexpr base::Ipv4 kGateway(0x0a0000fe);
constexpr base::Ipv4 kOutside(0x08080808);
constexpr base::Ipv4 kNone;

// 10.0.0.0/24 and 10.0.1.0/24 of one VPC, which node-a and node-b are in, and
// another VPC with the same addresses, which node-o is in.
TableDirectory Cloud() {
  const Nic a{kMacA, "one", "node-a"};
  const Nic b{kMacB, "one", "node-b"};
  const Nic other{kMacX, "two", "node-o"};
  TableDirectory directory;
  directory.nics = {{"node-a", a}, {"node-b", b}, {"node-o", other}};
  directory.owners = {{{"one", kA}, a},
                      {{"one", kPodOfA}, a},
                      {{"one", kB}, b},
                      {{"one", kElsewhere}, {kMacX, "one", ""}},
                      {{"two", kA}, other}};
  directory.nets = {
      {base::Ipv4Prefix::Containing(kA, 24), kGateway},
      {base::Ipv4Prefix::Containing(kElsewhere, 24), base::Ipv4(0x0a0001fe)}};
  return directory;
}

void Append(Bytes& bytes, std::initializer_list<int> more) {
  for (const int b : more) bytes.push_back(static_cast<uint8_t>(b));
}
void AppendAddress(Bytes& bytes, base::Ipv4 address) {
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<uint8_t>(address.bits() >> shift));
  }
}

Bytes Ethernet(const base::Mac& source, const base::Mac& destination,
               int ether_type) {
  Bytes frame(destination.bytes().begin(), destination.bytes().end());
  frame.insert(frame.end(), source.bytes().begin(), source.bytes().end());
  Append(frame, {ether_type >> 8, ether_type & 0xff});
  return frame;
}

// A UDP packet of 8 + 4 bytes; nobody looks at the checksums.
Bytes Ipv4(const base::Mac& mac, base::Ipv4 source, base::Ipv4 destination) {
  Bytes frame = Ethernet(mac, kGatewayMac, 0x0800);
  Append(frame, {0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0});
  AppendAddress(frame, source);
  AppendAddress(frame, destination);
  Append(frame, {0, 53, 0, 53, 0, 12, 0, 0, 'p', 'i', 'n', 'g'});
  return frame;
}

Packet Ask(const base::Mac& mac, base::Ipv4 sender, base::Ipv4 target) {
  Packet packet = Probe(mac, target);
  packet.sender_address = sender;
  return packet;
}

class SwitchTest : public ::testing::Test {
 protected:
  Decision On(absl::string_view port, const Bytes& frame) const {
    return Decide(directory_, port, frame);
  }
  Decision On(absl::string_view port, const Packet& packet) const {
    const netlink::arp::Frame frame = Encode(packet);
    return Decide(directory_, port, frame);
  }

  TableDirectory directory_ = Cloud();
};

Decision Answered(const Packet& request, const base::Mac& mac) {
  return Answer{Encode(netlink::arp::Reply(request, mac))};
}

TEST_F(SwitchTest, ForwardsToTheOwnerWithItsMac) {
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kB)),
            Decision(Forward{"node-b", kMacB}));
}

TEST_F(SwitchTest, ForwardsToAndFromSecondaryAddresses) {
  EXPECT_EQ(On("node-b", Ipv4(kMacB, kB, kPodOfA)),
            Decision(Forward{"node-a", kMacA}));
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kPodOfA, kB)),
            Decision(Forward{"node-b", kMacB}));
}

TEST_F(SwitchTest, ForwardsToWhoeverHasTheAddressNow) {
  directory_.owners[{"one", kPodOfA}] = directory_.nics["node-b"];
  directory_.owners[{"one", kNobody}] = directory_.nics["node-a"];
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kPodOfA)),
            Decision(Forward{"node-b", kMacB}));
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kPodOfA, kB)),
            Decision(DropReason::kSpoofed));
  EXPECT_EQ(On("node-b", Ipv4(kMacB, kB, kNobody)),
            Decision(Forward{"node-a", kMacA}));
}

TEST_F(SwitchTest, ForwardsByAddressWhateverTheDestinationMac) {
  Bytes frame = Ipv4(kMacA, kA, kB);
  std::copy(kMacX.bytes().begin(), kMacX.bytes().end(), frame.begin());
  EXPECT_EQ(On("node-a", frame), Decision(Forward{"node-b", kMacB}));
}

TEST_F(SwitchTest, LosesWhatNobodyHas) {
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kNobody)),
            Decision(DropReason::kNoOwner));
}

TEST_F(SwitchTest, LosesWhatIsForAnInterfaceWithoutLink) {
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kElsewhere)),
            Decision(DropReason::kNoPort));
}

TEST_F(SwitchTest, SendsNothingBackToWhereItCameFrom) {
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kPodOfA)),
            Decision(DropReason::kSamePort));
}

TEST_F(SwitchTest, KeepsVpcsApart) {
  EXPECT_EQ(On("node-o", Ipv4(kMacX, kA, kB)), Decision(DropReason::kNoOwner));
  EXPECT_EQ(On("node-o", Ask(kMacX, kA, kB)), Decision(ArpSilence::kNobody));
}

TEST_F(SwitchTest, SendsTheOutsideToTheGateway) {
  const Decision gateway = Forward{std::string(kGatewayPort), kGatewayMac};
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kOutside)), gateway);
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kGateway)), gateway);
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, kMetadataAddress)), gateway);
}

TEST_F(SwitchTest, TheGatewaySpeaksForItselfAndTheOutside) {
  for (const base::Ipv4 source : {kGateway, kMetadataAddress, kOutside}) {
    EXPECT_EQ(On(kGatewayPort, Ipv4(kGatewayMac, source, kB)),
              Decision(Forward{"node-b", kMacB}));
  }
  EXPECT_EQ(On(kGatewayPort, Ipv4(kGatewayMac, kA, kB)),
            Decision(DropReason::kSpoofed));
}

TEST_F(SwitchTest, TheGatewaySendsNothingOutsideToItself) {
  EXPECT_EQ(On(kGatewayPort, Ipv4(kGatewayMac, kGateway, kOutside)),
            Decision(DropReason::kSamePort));
}

TEST_F(SwitchTest, LosesWhatIsFromAnotherMac) {
  EXPECT_EQ(On("node-a", Ipv4(kMacB, kA, kB)), Decision(DropReason::kSpoofed));
}

TEST_F(SwitchTest, LosesWhatIsFromAnotherAddress) {
  for (const base::Ipv4 source : {kB, kNobody, kOutside, kGateway, kNone}) {
    EXPECT_EQ(On("node-a", Ipv4(kMacA, source, kB)),
              Decision(DropReason::kSpoofed))
        << source.ToString();
  }
}

TEST_F(SwitchTest, LosesWhatComesFromAPortOfNobody) {
  EXPECT_EQ(On("node-z", Ipv4(kMacA, kA, kB)),
            Decision(DropReason::kNoInterface));
}

TEST_F(SwitchTest, AnswersArpForTheOwner) {
  const Packet request = Ask(kMacA, kA, kB);
  EXPECT_EQ(On("node-a", request), Answered(request, kMacB));
}

TEST_F(SwitchTest, AnswersArpForAnOwnerWithoutLink) {
  const Packet request = Ask(kMacA, kA, kElsewhere);
  EXPECT_EQ(On("node-a", request), Answered(request, kMacX));
}

TEST_F(SwitchTest, AnswersArpForTheGateway) {
  const Packet request = Ask(kMacA, kA, kGateway);
  EXPECT_EQ(On("node-a", request), Answered(request, kGatewayMac));
}

TEST_F(SwitchTest, AnswersTheGatewaysArp) {
  const Packet request = Ask(kGatewayMac, kGateway, kB);
  EXPECT_EQ(On(kGatewayPort, request), Answered(request, kMacB));
}

TEST_F(SwitchTest, AnswersAProbeForAnothersAddress) {
  const Packet probe = Probe(kMacB, kPodOfA);
  EXPECT_EQ(On("node-b", probe), Answered(probe, kMacA));
}

TEST_F(SwitchTest, NeverAnswersAProberAboutItself) {
  EXPECT_EQ(On("node-a", Probe(kMacA, kPodOfA)),
            Decision(ArpSilence::kOwnAddress));
  EXPECT_EQ(On("node-a", Ask(kMacA, kA, kPodOfA)),
            Decision(ArpSilence::kOwnAddress));
}

TEST_F(SwitchTest, IsSilentAboutWhatNobodyHas) {
  EXPECT_EQ(On("node-a", Probe(kMacA, kNobody)), Decision(ArpSilence::kNobody));
  EXPECT_EQ(On("node-a", Ask(kMacA, kA, kNobody)),
            Decision(ArpSilence::kNobody));
}

TEST_F(SwitchTest, KeepsAnnouncementsAndAnswersToItself) {
  EXPECT_EQ(On("node-a", Announcement(kMacA, kPodOfA)),
            Decision(ArpSilence::kAnnouncement));
  EXPECT_EQ(On("node-a", netlink::arp::Reply(Ask(kMacB, kB, kA), kMacA)),
            Decision(ArpSilence::kAnnouncement));
}

TEST_F(SwitchTest, ArpForAnothersAddressIsSpoofed) {
  EXPECT_EQ(On("node-a", Announcement(kMacA, kB)),
            Decision(DropReason::kSpoofed));
  EXPECT_EQ(On("node-a", Announcement(kMacA, kNobody)),
            Decision(DropReason::kSpoofed));
  EXPECT_EQ(On("node-a", Ask(kMacA, kB, kNobody)),
            Decision(DropReason::kSpoofed));
}

TEST_F(SwitchTest, ArpWithAnothersMacInsideIsSpoofed) {
  Packet request = Ask(kMacA, kA, kB);
  request.sender_mac = kMacB;
  EXPECT_EQ(On("node-a", request), Decision(DropReason::kSpoofed));
}

TEST_F(SwitchTest, LosesBroadcasts) {
  Bytes to_all = Ipv4(kMacA, kA, kB);
  std::fill_n(to_all.begin(), 6, uint8_t{0xff});
  for (const Bytes& frame :
       {to_all, Ipv4(kMacA, kA, base::Ipv4(0xffffffff)),
        Ipv4(kMacA, kA, base::Ipv4(0x0a0000ff)),
        Ipv4(kMacA, kNone, base::Ipv4(0xffffffff))}) {  // DHCP's first words
    EXPECT_EQ(On("node-a", frame), Decision(DropReason::kBroadcast));
  }
}

TEST_F(SwitchTest, LosesMulticast) {
  Bytes to_group = Ipv4(kMacA, kA, kB);
  to_group[0] = 1;
  EXPECT_EQ(On("node-a", to_group), Decision(DropReason::kMulticast));
  EXPECT_EQ(On("node-a", Ipv4(kMacA, kA, base::Ipv4(0xe00000fb))),
            Decision(DropReason::kMulticast));
}

TEST_F(SwitchTest, LosesOtherTypes) {
  for (const auto& [type, reason] :
       std::initializer_list<std::pair<int, DropReason>>{
           {0x86dd, DropReason::kIpv6},
           {0x8100, DropReason::kVlan},
           {0x88a8, DropReason::kVlan},
           {0x88cc, DropReason::kOtherType}}) {
    Bytes frame = Ethernet(kMacA, kMacB, type);
    frame.resize(64);
    EXPECT_EQ(On("node-a", frame), Decision(reason)) << type;
  }
}

TEST_F(SwitchTest, LosesEveryPieceOfAFrame) {
  for (const Bytes& whole : {Ipv4(kMacA, kA, kB), [] {
                               const auto frame = Encode(Ask(kMacA, kA, kB));
                               return Bytes(frame.begin(), frame.end());
                             }()}) {
    for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
      Bytes piece = whole;
      piece.resize(bytes);
      EXPECT_EQ(On("node-a", piece), Decision(DropReason::kMalformed)) << bytes;
    }
  }
}

TEST_F(SwitchTest, LosesPacketsWithoutSense) {
  for (const auto& [at, value] :
       std::initializer_list<std::pair<size_t, uint8_t>>{
           {14, 0x65},   // version 6
           {14, 0x44},   // a header of 16 bytes
           {14, 0x4f},   // ... longer than the packet
           {17, 19},     // a packet shorter than its header
           {17, 33}}) {  // ... longer than the frame
    Bytes frame = Ipv4(kMacA, kA, kB);
    frame[at] = value;
    EXPECT_EQ(On("node-a", frame), Decision(DropReason::kMalformed)) << at;
  }
}

TEST_F(SwitchTest, TakesPaddingBehindAPacket) {
  Bytes frame = Ipv4(kMacA, kA, kB);
  frame.resize(60);
  EXPECT_EQ(On("node-a", frame), Decision(Forward{"node-b", kMacB}));
}

TEST(SwitchNamesTest, EveryReasonHasOne) {
  for (size_t i = 0; i < kDropReasons; ++i) {
    EXPECT_NE(Name(static_cast<DropReason>(i)), "");
  }
  EXPECT_EQ(Name(DropReason::kCongested), "congested");
  EXPECT_EQ(static_cast<size_t>(DropReason::kCongested), kDropReasons - 1);
  EXPECT_EQ(Name(ArpSilence::kNobody), "nobody");
  EXPECT_EQ(static_cast<size_t>(ArpSilence::kNobody), kArpSilences - 1);
}

}  // namespace
}  // namespace applets::vpcsim
