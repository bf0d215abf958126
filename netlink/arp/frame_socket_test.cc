// On real interfaces, in network namespaces.

#include "netlink/arp/frame_socket.h"

#include <linux/if.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/arp/interruption_lab.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/link.h"
#include "netlink/netns.h"

namespace netlink::arp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kUs = 0;
constexpr size_t kOther = 1;
constexpr int kPatienceMs = 10000;
constexpr base::Ipv4 kAddress(0x0a000007);
// What a test sends last, to know that all before it has come.
constexpr base::Ipv4 kLast(0x0a0000ff);

using Bytes = std::vector<uint8_t>;

Bytes BytesOf(const Packet& packet) {
  const Frame frame = Encode(packet);
  return Bytes(frame.begin(), frame.end());
}

Bytes Replace(Bytes frame, size_t at, std::initializer_list<uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<long>(at));
  return frame;
}

// With an 802.1Q tag.
Bytes Tag(Bytes frame, uint16_t vlan) {
  const uint8_t tag[] = {0x81, 0x00, static_cast<uint8_t>(vlan >> 8),
                         static_cast<uint8_t>(vlan)};
  frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
  return frame;
}

bool AwaitReadable(const FrameSocket& socket) {
  pollfd ready = {socket.fd(), POLLIN, 0};
  return poll(&ready, 1, kPatienceMs) == 1;
}

class FrameSocketTest : public ::testing::Test {
 protected:
  static Packet OthersClaim(base::Ipv4 address) {
    return Announcement(SegmentLab::MacOf(kOther), address);
  }
  // What comes in until the last one.
  std::vector<Packet> HearUntilLast(FrameSocket& socket) {
    std::vector<Packet> packets;
    while (AwaitReadable(socket)) {
      const FrameSocket::Heard heard = socket.Receive();
      EXPECT_EQ(heard.status, absl::OkStatus());
      packets.insert(packets.end(), heard.packets.begin(), heard.packets.end());
      if (!packets.empty() && packets.back().sender_address == kLast) {
        packets.pop_back();
        return packets;
      }
    }
    ADD_FAILURE() << "the last frame didn't come";
    return packets;
  }
  std::vector<Packet> HearUntilLast() { return HearUntilLast(socket_); }
  void SendLast() { other_.Send(OthersClaim(kLast)); }

  SegmentLab lab_{2};
  Stranger other_ = lab_.StrangerAt(kOther);
  FrameSocket socket_ = lab_.Open(kUs);
};

TEST_F(FrameSocketTest, HearsEverybodysBroadcastsAndWhatIsMeantForUs) {
  const Packet probe = Probe(SegmentLab::MacOf(kOther), kAddress);
  const Packet answer =
      Reply(Probe(SegmentLab::MacOf(kUs), kAddress), SegmentLab::MacOf(kOther));
  other_.Send(probe);
  other_.Send(OthersClaim(kAddress));
  other_.Send(answer);
  SendLast();
  EXPECT_THAT(HearUntilLast(),
              ElementsAre(probe, OthersClaim(kAddress), answer));
}

TEST_F(FrameSocketTest, TakesPaddingForNothing) {
  Bytes padded = BytesOf(OthersClaim(kAddress));
  padded.resize(60);
  other_.Send(padded);
  SendLast();
  EXPECT_THAT(HearUntilLast(), ElementsAre(OthersClaim(kAddress)));
}

TEST_F(FrameSocketTest, TakesAPriorityTagForNoVlan) {
  other_.Send(Tag(BytesOf(OthersClaim(kAddress)), 0));
  SendLast();
  EXPECT_THAT(HearUntilLast(), ElementsAre(OthersClaim(kAddress)));
}

TEST_F(FrameSocketTest, HasNothingToHearAtFirstAndNeverBlocks) {
  const FrameSocket::Heard heard = socket_.Receive();
  EXPECT_TRUE(heard.drained);
  EXPECT_THAT(heard.packets, IsEmpty());
}

// What the kernel's filter refuses, each by itself.
class RefusalTest : public FrameSocketTest {
 protected:
  void ExpectRefused(const Bytes& frame) {
    other_.Send(frame);
    SendLast();
    EXPECT_THAT(HearUntilLast(), IsEmpty());
    // Of those that passed the filter: the last one only, so what we didn't
    // hear wasn't dropped by us.
    tpacket_stats statistics = {};
    socklen_t size = sizeof(statistics);
    ASSERT_EQ(getsockopt(socket_.fd(), SOL_PACKET, PACKET_STATISTICS,
                         &statistics, &size),
              0);
    EXPECT_EQ(statistics.tp_packets, 1u);
  }

  const Bytes good_ = BytesOf(OthersClaim(kAddress));
};

TEST_F(RefusalTest, AVlanTag) { ExpectRefused(Tag(good_, 5)); }

TEST_F(RefusalTest, TwoVlanTags) { ExpectRefused(Tag(Tag(good_, 5), 6)); }

TEST_F(RefusalTest, AVlanThatHasAnInterfaceHere) {
  Request vlan(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg header = {};
  header.ifi_flags = header.ifi_change = IFF_UP;
  vlan.PutHeader(header).PutString(IFLA_IFNAME, "eth0.5");
  vlan.PutU32(IFLA_LINK, SegmentLab::kIfindex);
  vlan.PutNest(IFLA_LINKINFO, [](Request& info) {
    info.PutString(IFLA_INFO_KIND, "vlan");
    info.PutNest(IFLA_INFO_DATA, [](Request& data) {
      data.PutText(IFLA_VLAN_ID, absl::string_view("\5\0", 2));
    });
  });
  const absl::Status made = lab_.socket(kUs).Transact(vlan);
  if (base::ErrnoOf(made) == EOPNOTSUPP) GTEST_SKIP() << made;
  ASSERT_EQ(made, absl::OkStatus());
  ExpectRefused(Tag(good_, 5));
}

TEST_F(RefusalTest, AShortFrame) {
  ExpectRefused(Bytes(good_.begin(), good_.end() - 1));
  ExpectRefused(Bytes(good_.begin(), good_.begin() + 20));
}

TEST_F(RefusalTest, ForeignHardware) {
  ExpectRefused(Replace(good_, 14, {0, 6}));
}

TEST_F(RefusalTest, AForeignProtocol) {
  ExpectRefused(Replace(good_, 16, {0x86, 0xdd}));
}

TEST_F(RefusalTest, ForeignAddressLengths) {
  ExpectRefused(Replace(good_, 18, {8, 4}));
  ExpectRefused(Replace(good_, 18, {6, 16}));
}

TEST_F(RefusalTest, WhatIsNotArp) {
  ExpectRefused(Replace(good_, 12, {0x08, 0x00}));
  ExpectRefused(Replace(good_, 12, {0x80, 0x35}));  // RARP
}

TEST_F(RefusalTest, WhatIsMeantForAnotherHost) {
  ExpectRefused(Replace(good_, 0, {2, 0, 0, 0, 0xbb, 1}));
}

TEST_F(RefusalTest, WhatWeSentOurselves) {
  ExpectRefused(BytesOf(Announcement(SegmentLab::MacOf(kUs), kAddress)));
}

TEST_F(RefusalTest, NotWhatComesFromAMacThatIsAlmostOurs) {
  for (const size_t byte : {0, 3, 4, 5}) {
    Bytes frame = BytesOf(Announcement(SegmentLab::MacOf(kUs), kAddress));
    frame[6 + byte] ^= 0x20;
    other_.Send(frame);
    SendLast();
    EXPECT_EQ(HearUntilLast().size(), 1u) << byte;
  }
}

TEST_F(FrameSocketTest, DoesNotHearWhatThisHostSends) {
  const Frame probe = Encode(Probe(SegmentLab::MacOf(kUs), kAddress));
  EXPECT_EQ(socket_.Send({probe}).frames, 1u);
  // Another socket of this host, with another MAC even.
  lab_.StrangerAt(kUs).Send(OthersClaim(kAddress));
  SendLast();
  EXPECT_THAT(HearUntilLast(), IsEmpty());
}

TEST_F(FrameSocketTest, DoesNotHearOurFramesReflectedByTheLink) {
  lab_.Reflect(kUs);
  Stranger echo = lab_.StrangerAt(kUs);
  const Packet probe = Probe(SegmentLab::MacOf(kUs), kAddress);
  EXPECT_EQ(socket_.Send({Encode(probe)}).frames, 1u);
  EXPECT_EQ(echo.Hear(), probe);  // it did come back
  SendLast();
  EXPECT_THAT(HearUntilLast(), IsEmpty());
}

TEST_F(FrameSocketTest, SendsManyFramesInOrder) {
  std::vector<Frame> frames;
  for (uint32_t i = 0; i < 200; ++i) {
    frames.push_back(
        Encode(Probe(SegmentLab::MacOf(kUs), base::Ipv4(0x0a000100 + i))));
  }
  const FrameSocket::Sent sent = socket_.Send(frames);
  EXPECT_EQ(sent.frames, frames.size());
  EXPECT_EQ(sent.status, absl::OkStatus());
  for (const Frame& frame : frames) {
    EXPECT_EQ(other_.Hear(), Decode(frame));
  }
}

TEST_F(FrameSocketTest, LeavesTheInterfaceAsItIs) {
  const Link before = *GetLink(lab_.socket(kOther), SegmentLab::kIfindex);
  const FrameSocket socket = lab_.Open(kOther);
  const Link after = *GetLink(lab_.socket(kOther), SegmentLab::kIfindex);
  EXPECT_EQ(before.flags, after.flags);
  EXPECT_EQ(before.mac, after.mac);
}

TEST_F(FrameSocketTest, SaysThatThereIsNoSuchInterface) {
  const auto scope = NetnsScope::Enter(lab_.netns_fd(kUs));
  EXPECT_EQ(
      base::ErrnoOf(FrameSocket::Open(4711, SegmentLab::MacOf(kUs)).status()),
      ENODEV);
}

TEST_F(FrameSocketTest, CountsWhatWasLostForWantOfRoom) {
  FrameSocket small = lab_.Open(kUs, 1);  // the kernel has a least size
  constexpr uint32_t kSent = 500;
  for (uint32_t i = 0; i < kSent; ++i) other_.Send(OthersClaim(kAddress));
  // The large buffer has them all: all have come.
  SendLast();
  EXPECT_EQ(HearUntilLast().size(), kSent);
  EXPECT_EQ(*socket_.TakeLost(), 0u);
  const FrameSocket::Heard heard = small.Receive();
  EXPECT_TRUE(heard.drained);
  EXPECT_FALSE(heard.packets.empty());
  EXPECT_EQ(*small.TakeLost() + heard.packets.size(), kSent + 1);
  EXPECT_EQ(*small.TakeLost(), 0u);
}

TEST_F(FrameSocketTest, TakesNoMoreThanItsLimitAtOnce) {
  constexpr size_t kMore = FrameSocket::kMaxFramesPerReceive + 100;
  for (size_t i = 0; i < kMore; ++i) other_.Send(OthersClaim(kAddress));
  SendLast();
  size_t count = 0;
  while (count <= kMore && AwaitReadable(socket_)) {
    const FrameSocket::Heard heard = socket_.Receive();
    EXPECT_LE(heard.packets.size(), FrameSocket::kMaxFramesPerReceive);
    count += heard.packets.size();
  }
  EXPECT_EQ(count, kMore + 1);
}

// --- the interface comes and goes

TEST_F(FrameSocketTest, TellsOnceThatTheLinkWentDownAndHearsWhenItIsUpAgain) {
  lab_.SetDown(kUs);
  EXPECT_EQ(base::ErrnoOf(socket_.Receive().status), ENETDOWN);
  EXPECT_EQ(socket_.Receive().status, absl::OkStatus());
  const Frame probe = Encode(Probe(SegmentLab::MacOf(kUs), kAddress));
  const FrameSocket::Sent sent = socket_.Send({probe});
  EXPECT_EQ(sent.frames, 0u);
  EXPECT_EQ(base::ErrnoOf(sent.status), ENETDOWN);
  EXPECT_TRUE(socket_.attached());
  lab_.SetUp(kUs);
  other_.Send(OthersClaim(kAddress));
  SendLast();
  EXPECT_THAT(HearUntilLast(), ElementsAre(OthersClaim(kAddress)));
  EXPECT_EQ(socket_.Send({probe}).frames, 1u);
}

TEST_F(FrameSocketTest, TellsOfAFlapThatIsOverAlready) {
  other_.Send(OthersClaim(kAddress));
  SendLast();
  lab_.SetDown(kUs);
  lab_.SetUp(kUs);
  EXPECT_EQ(base::ErrnoOf(socket_.Receive().status), ENETDOWN);
  EXPECT_THAT(HearUntilLast(), ElementsAre(OthersClaim(kAddress)));
}

TEST_F(FrameSocketTest, OpenedOnALinkThatIsDownItHearsWhenItIsUp) {
  lab_.SetDown(kUs);
  FrameSocket early = lab_.Open(kUs);
  EXPECT_EQ(base::ErrnoOf(early.Receive().status), ENETDOWN);
  lab_.SetUp(kUs);
  SendLast();
  EXPECT_THAT(HearUntilLast(early), IsEmpty());
}

TEST_F(FrameSocketTest, IsDeafForGoodWhenTheInterfaceWasReplaced) {
  EXPECT_TRUE(socket_.attached());
  lab_.Replace(kUs);
  EXPECT_FALSE(socket_.attached());
  EXPECT_EQ(base::ErrnoOf(socket_.Receive().status), ENETDOWN);
  FrameSocket another = lab_.Open(kUs);
  EXPECT_TRUE(another.attached());
  SendLast();
  EXPECT_THAT(HearUntilLast(another), IsEmpty());
  EXPECT_TRUE(socket_.Receive().drained);
}

TEST_F(FrameSocketTest, SaysThatTheInterfaceIsGone) {
  lab_.Do(kUs, DeleteLink(SegmentLab::kIfindex));
  EXPECT_FALSE(socket_.attached());
  const Frame probe = Encode(Probe(SegmentLab::MacOf(kUs), kAddress));
  const FrameSocket::Sent sent = socket_.Send({probe});
  EXPECT_EQ(sent.frames, 0u);
  EXPECT_EQ(base::ErrnoOf(sent.status), ENXIO);
}

TEST_F(FrameSocketTest, SaysThatTheQueueIsFull) {
  lab_.SetQueue(kUs, 0);
  const Frame probe = Encode(Probe(SegmentLab::MacOf(kUs), kAddress));
  const FrameSocket::Sent sent = socket_.Send({probe, probe});
  EXPECT_EQ(sent.frames, 0u);
  EXPECT_EQ(base::ErrnoOf(sent.status), ENOBUFS);
}

// --- signals

TEST_F(FrameSocketTest, AnInterruptedReceiveIsNeitherSilenceNorAnError) {
  other_.Send(OthersClaim(kAddress));
  SendLast();
  ASSERT_TRUE(AwaitReadable(socket_));
  const int interrupted = RunWithFailures(SYS_recvmmsg, EINTR, 1, [&] {
    const FrameSocket::Heard heard = socket_.Receive();
    EXPECT_EQ(heard.status, absl::OkStatus());
    EXPECT_FALSE(heard.drained);
    EXPECT_THAT(heard.packets, IsEmpty());
  });
  EXPECT_EQ(interrupted, 1);
  EXPECT_THAT(HearUntilLast(), ElementsAre(OthersClaim(kAddress)));
}

TEST_F(FrameSocketTest, AnInterruptedSendIsMadeAgainButNotForEver) {
  const Frame probe = Encode(Probe(SegmentLab::MacOf(kUs), kAddress));
  RunWithFailures(SYS_sendmmsg, EINTR, FrameSocket::kMaxInterruptions,
                  [&] { EXPECT_EQ(socket_.Send({probe}).frames, 1u); });
  EXPECT_EQ(other_.Hear(), Decode(probe));
  RunWithFailures(SYS_sendmmsg, EINTR, FrameSocket::kMaxInterruptions + 1, [&] {
    EXPECT_EQ(base::ErrnoOf(socket_.Send({probe}).status), EINTR);
  });
}

}  // namespace
}  // namespace netlink::arp
