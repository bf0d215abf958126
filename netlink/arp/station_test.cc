// One prober among other hosts, on real interfaces in network namespaces.

#include "netlink/arp/station.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/arp/interruption_lab.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/arp/station_lab.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/node.h"
#include "netlink/route.h"
#include "netlink/sysctl.h"

namespace netlink::arp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr size_t kUs = 0;
constexpr size_t kOther = 1;
constexpr size_t kBystander = 2;
constexpr base::Ipv4 kAddress(0x0a000064);

class StationTest : public ::testing::Test {
 protected:
  static constexpr absl::Duration kTotal = absl::Milliseconds(210);

  static base::Mac Ours() { return SegmentLab::MacOf(kUs); }
  static base::Mac Others() { return SegmentLab::MacOf(kOther); }
  void Start(base::Ipv4 address) { us_.station.Probe(address, lab_.now()); }
  // Does `what` when `count` probes of ours have been on the wire.
  void RunUntilProbes(size_t count) {
    size_t heard = 0;
    ASSERT_TRUE(lab_.RunUntil([&] {
      heard += other_.HearAll().size();
      return heard >= count;
    }));
  }
  void ExpectAdmitted() {
    ASSERT_TRUE(lab_.RunUntilQuiet());
    EXPECT_THAT(us_.admitted, ElementsAre(kAddress));
    EXPECT_THAT(us_.conflicts, IsEmpty());
  }
  void ExpectConflict() {
    ASSERT_TRUE(lab_.RunUntilQuiet());
    EXPECT_THAT(us_.conflicts, ElementsAre(Pair(kAddress, Others())));
    EXPECT_THAT(us_.admitted, IsEmpty());
  }

  SegmentLab segment_{3};
  Stranger other_ = segment_.StrangerAt(kOther);
  StationLab lab_{segment_, Timing::Within(kTotal)};
  Resident& us_ = lab_.Add(kUs);
};

TEST_F(StationTest, AFreeAddressIsAdmittedWithinTheBudget) {
  const absl::Time begin = lab_.now();
  Start(kAddress);
  ExpectAdmitted();
  EXPECT_LE(lab_.now() - begin, kTotal * 1.1);
  EXPECT_GE(lab_.now() - begin, kTotal * 4 / 7);
  EXPECT_THAT(other_.HearAll(),
              ElementsAre(Probe(Ours(), kAddress), Probe(Ours(), kAddress),
                          Probe(Ours(), kAddress)));
}

TEST_F(StationTest, AnAddressThatAnotherHostHasIsAConflict) {
  Start(SegmentLab::AddressOf(kOther));
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_THAT(us_.conflicts,
              ElementsAre(Pair(SegmentLab::AddressOf(kOther), Others())));
}

TEST_F(StationTest, AnOwnerThatAnswersOnlyALaterProbeIsAConflict) {
  for (const size_t which : {1, 2, 3}) {
    us_.conflicts.clear();
    Start(kAddress);
    RunUntilProbes(which);
    other_.Send(Reply(Probe(Ours(), kAddress), Others()));
    ExpectConflict();
  }
}

TEST_F(StationTest, AnOwnerThatAnnouncesInTheMiddleIsAConflict) {
  Start(kAddress);
  RunUntilProbes(2);
  other_.Send(Announcement(Others(), kAddress));
  ExpectConflict();
}

TEST_F(StationTest, SomebodyElsesProbeIsAConflict) {
  Start(kAddress);
  RunUntilProbes(1);
  other_.Send(Probe(Others(), kAddress));
  ExpectConflict();
}

TEST_F(StationTest, OurOwnFramesReflectedAreNone) {
  segment_.Reflect(kUs);
  Start(kAddress);
  ExpectAdmitted();
}

TEST_F(StationTest, TaggedShortAndForeignFramesAreNone) {
  const Frame frame = Encode(Announcement(Others(), kAddress));
  std::vector<uint8_t> tagged(frame.begin(), frame.end());
  const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
  tagged.insert(tagged.begin() + 12, std::begin(tag), std::end(tag));
  Frame foreign = frame;
  foreign[15] = 6;
  Start(kAddress);
  for (size_t probes = 1; probes <= 3; ++probes) {
    RunUntilProbes(1);
    other_.Send(tagged);
    other_.Send(absl::MakeConstSpan(frame).first(kFrameBytes - 1));
    other_.Send(foreign);
  }
  ExpectAdmitted();
}

// An entry for kAddress that any claim would change.
Request StaleNeighbor(const base::Mac& mac) {
  Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg header = {};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = SegmentLab::kIfindex;
  header.ndm_state = NUD_STALE;
  request.PutHeader(header).PutIpv4(NDA_DST, kAddress);
  return request.PutMac(NDA_LLADDR, mac);
}

TEST_F(StationTest, ABystandersNeighbourTableStaysAsItIs) {
  segment_.Do(kBystander, StaleNeighbor(Others()));
  const auto neighbors = [&] {
    std::vector<std::pair<base::Ipv4, base::Mac>> all;
    const auto listed =
        ListNeighbors(segment_.socket(kBystander), SegmentLab::kIfindex);
    for (const Neighbor& n : *listed) {
      all.emplace_back(n.address, n.mac.value_or(base::Mac()));
    }
    return all;
  };
  const auto before = neighbors();
  EXPECT_THAT(before, ElementsAre(Pair(kAddress, Others())));
  Start(kAddress);
  Start(base::Ipv4(kAddress.bits() + 1));
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_EQ(us_.admitted.size(), 2u);
  EXPECT_EQ(neighbors(), before);
  // A claim would have changed it.
  segment_.StrangerAt(kUs).Send(Announcement(Ours(), kAddress));
  ASSERT_TRUE(lab_.RunUntil([&] { return neighbors() != before; }));
  EXPECT_THAT(neighbors(), ElementsAre(Pair(kAddress, Ours())));
}

// --- the link

TEST_F(StationTest, ALinkDownInTheMiddleBeginsTheAttemptAnew) {
  for (const size_t probes : {1, 2, 3}) {
    us_.admitted.clear();
    us_.station.Unwatch(kAddress);
    Start(kAddress);
    RunUntilProbes(probes);
    segment_.SetDown(kUs);
    us_.station.OnLinkDown();
    const absl::Time down = lab_.now();
    ASSERT_TRUE(lab_.RunUntil([&] { return lab_.now() > down + 2 * kTotal; }));
    EXPECT_THAT(us_.admitted, IsEmpty());
    segment_.SetUp(kUs);
    us_.station.OnLinkUp(lab_.now());
    ExpectAdmitted();
    EXPECT_EQ(other_.HearAll().size(), static_cast<size_t>(kProbeNum));
  }
}

TEST_F(StationTest, ALinkThatNobodyTellsOfIsNoticedAsWell) {
  Start(kAddress);
  RunUntilProbes(3);
  segment_.SetDown(kUs);
  const absl::Time down = lab_.now();
  ASSERT_TRUE(lab_.RunUntil([&] { return lab_.now() > down + 2 * kTotal; }));
  EXPECT_THAT(us_.admitted, IsEmpty());
  EXPECT_GT(us_.station.counters().send_failures, 0u);
  segment_.SetUp(kUs);
  ExpectAdmitted();
  EXPECT_EQ(other_.HearAll().size(), static_cast<size_t>(kProbeNum));
}

TEST_F(StationTest, AFlapThatIsOverAlreadyBeginsTheAttemptAnew) {
  Start(kAddress);
  RunUntilProbes(3);
  segment_.SetDown(kUs);
  segment_.SetUp(kUs);
  ExpectAdmitted();
  EXPECT_EQ(other_.HearAll().size(), static_cast<size_t>(kProbeNum));
  EXPECT_EQ(us_.station.detector().counters().restarted, 1u);
}

TEST_F(StationTest, AnInterfaceThatIsGoneAdmitsNothingBeforeTheNextOne) {
  Start(kAddress);
  RunUntilProbes(3);
  segment_.Replace(kUs);
  const absl::Time gone = lab_.now();
  ASSERT_TRUE(lab_.RunUntil([&] { return lab_.now() > gone + 2 * kTotal; }));
  EXPECT_FALSE(us_.station.listening());
  EXPECT_THAT(us_.admitted, IsEmpty());
  us_.station.Listen(segment_.Open(kUs), Ours(), lab_.now());
  EXPECT_TRUE(us_.station.listening());
  ExpectAdmitted();
}

TEST_F(StationTest, WithoutASocketNothingIsAdmitted) {
  us_.station.Deafen();
  EXPECT_EQ(us_.station.fd(), -1);
  Start(kAddress);
  EXPECT_EQ(us_.station.deadline(), absl::InfiniteFuture());
  EXPECT_THAT(us_.station.Advance(lab_.now() + absl::Hours(1)), IsEmpty());
}

TEST_F(StationTest, AProbeThatFindsTheQueueFullIsSentAgain) {
  segment_.SetQueue(kUs, 0);
  Start(kAddress);
  ASSERT_TRUE(
      lab_.RunUntil([&] { return us_.station.counters().send_failures >= 3; }));
  EXPECT_EQ(us_.station.detector().counters().probes, 0u);
  segment_.SetQueue(kUs, 100);
  ExpectAdmitted();
  EXPECT_EQ(other_.HearAll().size(), static_cast<size_t>(kProbeNum));
}

TEST_F(StationTest, FramesThatWereLostBeginTheAttemptAnew) {
  Resident& small = lab_.AddDeaf();
  small.station.Listen(segment_.Open(kUs, 1), Ours(), lab_.now());
  small.station.Probe(kAddress, lab_.now());
  RunUntilProbes(3);
  // The owner's answer is among what can't be kept.
  constexpr int kFlood = 200;
  for (int i = 0; i < kFlood; ++i) {
    other_.Send(Announcement(Others(), SegmentLab::AddressOf(kOther)));
  }
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_GT(small.station.counters().frames_lost, 0u);
  EXPECT_EQ(
      small.station.counters().frames_lost + small.station.counters().frames,
      static_cast<uint64_t>(kFlood));
  EXPECT_EQ(small.station.detector().counters().restarted, 1u);
  EXPECT_THAT(small.admitted, ElementsAre(kAddress));
}

// --- our own kernel, and others'

class ProxyTest : public StationTest {
 protected:
  // The host answers for kAddress as a node does for a pod's.
  void MakeProxy(size_t host) {
    const auto scope = NetnsScope::Enter(segment_.netns_fd(host));
    ASSERT_EQ(PrepareNode(Sysctl(), "eth0"), absl::OkStatus());
    segment_.Do(host,
                ChangeLink({.name = "lo", .state = LinkChange::State::kUp}));
    segment_.Do(host, AddRoute({.destination =
                                    base::Ipv4Prefix::Containing(kAddress, 32),
                                .ifindex = 1}));
    segment_.Do(host, AddProxy(SegmentLab::kIfindex, kAddress));
  }
  static Packet Question(size_t from) {
    Packet question =
        Announcement(SegmentLab::MacOf(from), SegmentLab::AddressOf(from));
    question.target_address = kAddress;
    return question;
  }
};

TEST_F(ProxyTest, WhatOurOwnKernelAnswersForIsNoConflict) {
  MakeProxy(kUs);
  segment_.Reflect(kUs);
  Start(kAddress);
  for (int i = 0; i < 3; ++i) {
    RunUntilProbes(1);
    other_.Send(Question(kOther));
    EXPECT_EQ(other_.Hear(), Reply(Question(kOther), Ours()));
  }
  ExpectAdmitted();
}

TEST_F(ProxyTest, AnotherNodesKernelDoesNotAnswerProbesButItsStationDoes) {
  MakeProxy(kOther);
  // Others it does answer.
  Stranger us = segment_.StrangerAt(kUs);
  us.Send(Question(kUs));
  EXPECT_EQ(us.Hear(), Reply(Question(kUs), Others()));
  ASSERT_TRUE(
      lab_.RunUntil([&] { return us_.station.counters().frames == 1; }));
  Start(kAddress);
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_THAT(us_.admitted, ElementsAre(kAddress));

  us_.admitted.clear();
  us_.station.Unwatch(kAddress);
  lab_.Add(kOther).station.Watch(kAddress);
  Start(kAddress);
  ExpectConflict();
}

// --- watching

TEST_F(StationTest, AClaimIsDefendedOnceAndThenContested) {
  us_.station.Watch(kAddress);
  other_.Send(Announcement(Others(), kAddress));
  EXPECT_TRUE(lab_.RunUntil([&] { return !us_.defended.empty(); }));
  EXPECT_THAT(us_.defended, ElementsAre(Defended{kAddress, Others()}));
  EXPECT_EQ(other_.Hear(), Announcement(Ours(), kAddress));
  other_.Send(Announcement(Others(), kAddress));
  EXPECT_TRUE(lab_.RunUntil([&] { return !us_.contested.empty(); }));
  EXPECT_THAT(us_.contested, ElementsAre(Contested{kAddress, Others()}));
  EXPECT_EQ(us_.defended.size(), 1u);
  EXPECT_THAT(other_.HearAll(), IsEmpty());
}

TEST_F(StationTest, ADefenceThatCouldNotBeSentIsMadeAtTheNextClaim) {
  us_.station.Watch(kAddress);
  segment_.SetQueue(kUs, 0);
  other_.Send(Announcement(Others(), kAddress));
  ASSERT_TRUE(
      lab_.RunUntil([&] { return us_.station.counters().send_failures == 1; }));
  EXPECT_THAT(us_.defended, IsEmpty());
  segment_.SetQueue(kUs, 100);
  other_.Send(Announcement(Others(), kAddress));
  EXPECT_TRUE(lab_.RunUntil([&] { return !us_.defended.empty(); }));
  EXPECT_EQ(other_.Hear(), Announcement(Ours(), kAddress));
}

// --- signals

void Ignore(int) {}

// Signals that interrupt, a thousand a second.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action = {};
    action.sa_handler = Ignore;  // and no SA_RESTART
    sigaction(SIGALRM, &action, &before_);
    const itimerval each = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &each, nullptr);
  }
  ~SignalStorm() {
    const itimerval none = {};
    setitimer(ITIMER_REAL, &none, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ = {};
};

// UK8S 1.0.2: "EINTR taken for a conflict".
class EintrTakenForAConflictTest : public StationTest {
 protected:
  void ProbeAll() {
    for (uint32_t i = 0; i < 100; ++i) Start(base::Ipv4(0x0a000080 + i));
    Start(SegmentLab::AddressOf(kOther));
    ASSERT_TRUE(lab_.RunUntilQuiet());
    EXPECT_EQ(us_.admitted.size(), 100u);
    EXPECT_THAT(us_.conflicts,
                ElementsAre(Pair(SegmentLab::AddressOf(kOther), Others())));
  }
};

TEST_F(EintrTakenForAConflictTest, NotWhenSignalsComeAllTheTime) {
  const SignalStorm storm;
  ProbeAll();
}

TEST_F(EintrTakenForAConflictTest, NotWhenReceivingIsInterrupted) {
  EXPECT_EQ(RunWithFailures(SYS_recvmmsg, EINTR, 50, [&] { ProbeAll(); }), 50);
}

TEST_F(EintrTakenForAConflictTest, NotWhenSendingIsInterrupted) {
  EXPECT_EQ(RunWithFailures(SYS_sendmmsg, EINTR, 50, [&] { ProbeAll(); }), 50);
}

TEST_F(EintrTakenForAConflictTest, NorForSilence) {
  // No receive succeeds while all probes are sent and all time is up: what was
  // not heard is no proof.
  Start(SegmentLab::AddressOf(kOther));
  RunWithFailures(SYS_recvmmsg, EINTR, 2000,
                  [&] { EXPECT_TRUE(lab_.RunUntilQuiet()); });
  EXPECT_THAT(us_.admitted, IsEmpty());
  EXPECT_EQ(us_.conflicts.size(), 1u);
}

}  // namespace
}  // namespace netlink::arp
