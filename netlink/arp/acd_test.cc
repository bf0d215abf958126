#include "netlink/arp/acd.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace netlink::arp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr base::Mac kOurs({2, 0, 0, 0, 0, 1});
constexpr base::Mac kOther({2, 0, 0, 0, 0, 2});
constexpr base::Ipv4 kAddress(0x0a000007);
constexpr base::Ipv4 kElsewhere(0x0a000063);
constexpr absl::Duration kInstant = absl::Nanoseconds(1);

base::Ipv4 Nth(int i) { return base::Ipv4(0x0a010000 + i); }

// An owner's answer to our probe.
Packet Answer(base::Ipv4 address) {
  return Reply(Probe(kOurs, address), kOther);
}

class DetectorTest : public ::testing::Test {
 protected:
  using Actions = std::vector<Detector::Action>;

  // Goes to the time of the next event, having seen that nothing happens an
  // instant before it.
  Actions Next() {
    const absl::Time due = detector_.deadline();
    EXPECT_LT(due, absl::InfiniteFuture());
    if (due > now_) {
      EXPECT_THAT(detector_.OnTimer(due - kInstant), IsEmpty());
    }
    now_ = std::max(now_, due);
    return detector_.OnTimer(now_);
  }
  // Goes through `count` probes of kAddress.
  void SendProbes(int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_THAT(Next(), ElementsAre(SendProbe{kAddress}));
    }
  }
  void ExpectWholeAttempt() {
    SendProbes(kProbeNum);
    EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
    EXPECT_EQ(detector_.candidates(), 0u);
  }
  // Runs into one conflict after another, each at once.
  void Conflicts(int count) {
    for (int i = 0; i < count; ++i) {
      detector_.Start(Nth(i), now_);
      ASSERT_TRUE(detector_.OnPacket(Answer(Nth(i)), now_));
    }
  }
  void Start() { detector_.Start(kAddress, now_); }
  std::optional<Conflict> Hear(const Packet& packet) {
    return detector_.OnPacket(packet, now_);
  }

  std::mt19937_64 random_{7};
  absl::Time now_ = absl::UnixEpoch();
  Detector detector_{kOurs, Timing(), random_};
};

TEST(TimingTest, TheConstantsAreTheStandards) {
  EXPECT_EQ(kProbeWait, absl::Seconds(1));
  EXPECT_EQ(kProbeNum, 3);
  EXPECT_EQ(kProbeMin, absl::Seconds(1));
  EXPECT_EQ(kProbeMax, absl::Seconds(2));
  EXPECT_EQ(kAnnounceWait, absl::Seconds(2));
  EXPECT_EQ(kMaxConflicts, 10);
  EXPECT_EQ(kRateLimitInterval, absl::Seconds(60));
  EXPECT_EQ(Timing().Longest(), absl::Seconds(7));
}

TEST(TimingTest, IsScaledAsAWhole) {
  EXPECT_EQ(Timing::Within(absl::Seconds(7)), Timing());
  const Timing fast = Timing::Within(absl::Milliseconds(700));
  EXPECT_EQ(fast.probes, 3);
  EXPECT_EQ(fast.probe_wait, absl::Milliseconds(100));
  EXPECT_EQ(fast.probe_min, absl::Milliseconds(100));
  EXPECT_EQ(fast.probe_max, absl::Milliseconds(200));
  EXPECT_EQ(fast.announce_wait, absl::Milliseconds(200));
  EXPECT_EQ(fast.Longest(), absl::Milliseconds(700));
}

TEST(TimingTest, OfNothingDoesNotProbe) {
  EXPECT_EQ(Timing::Within(absl::ZeroDuration()).Longest(),
            absl::ZeroDuration());
  EXPECT_EQ(Timing::Within(absl::Seconds(-1)).probes, 0);
}

TEST_F(DetectorTest, HasNothingToDoAtFirst) {
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
  EXPECT_THAT(detector_.OnTimer(now_), IsEmpty());
}

TEST_F(DetectorTest, AFreeAddressIsAdmittedAfterThreeProbes) {
  Start();
  ExpectWholeAttempt();
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
  EXPECT_EQ(detector_.counters().started, 1u);
  EXPECT_EQ(detector_.counters().probes, 3u);
  EXPECT_EQ(detector_.counters().admitted, 1u);
}

TEST_F(DetectorTest, EveryAttemptKeepsTheStandardsTimes) {
  for (int i = 0; i < 1000; ++i) {
    const absl::Time begun = now_;
    Start();
    SendProbes(1);
    EXPECT_LE(now_ - begun, kProbeWait);
    for (int probe = 1; probe < kProbeNum; ++probe) {
      const absl::Time previous = now_;
      SendProbes(1);
      EXPECT_GE(now_ - previous, kProbeMin);
      EXPECT_LE(now_ - previous, kProbeMax);
    }
    const absl::Time last = now_;
    EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
    EXPECT_EQ(now_ - last, kAnnounceWait);
  }
}

TEST_F(DetectorTest, AnOwnersAnswerIsAConflictAfterAnyProbe) {
  for (int probes = 0; probes <= kProbeNum; ++probes) {
    Start();
    SendProbes(probes);
    EXPECT_EQ(Hear(Answer(kAddress)), (Conflict{kAddress, kOther}));
    EXPECT_EQ(detector_.candidates(), 0u);
    EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
  }
}

TEST_F(DetectorTest, AnOwnersAnnouncementInTheMiddleIsAConflict) {
  Start();
  SendProbes(2);
  EXPECT_EQ(Hear(Announcement(kOther, kAddress)), (Conflict{kAddress, kOther}));
}

TEST_F(DetectorTest, AnythingTheOwnerAsksIsAConflict) {
  Start();
  Packet question = Announcement(kOther, kAddress);
  question.target_address = kElsewhere;
  EXPECT_EQ(Hear(question), (Conflict{kAddress, kOther}));
}

TEST_F(DetectorTest, AnAnswerAnInstantBeforeTheEndIsAConflict) {
  Start();
  SendProbes(kProbeNum);
  now_ = detector_.deadline() - kInstant;
  EXPECT_EQ(Hear(Answer(kAddress)), (Conflict{kAddress, kOther}));
}

TEST_F(DetectorTest, AnAnswerReadBeforeALateTimerIsAConflict) {
  Start();
  SendProbes(kProbeNum);
  now_ = detector_.deadline() + absl::Seconds(5);
  EXPECT_EQ(Hear(Answer(kAddress)), (Conflict{kAddress, kOther}));
  EXPECT_THAT(detector_.OnTimer(now_), IsEmpty());
}

TEST_F(DetectorTest, SomebodyElsesProbeIsAConflict) {
  Start();
  EXPECT_EQ(Hear(Probe(kOther, kAddress)), (Conflict{kAddress, kOther}));
}

TEST_F(DetectorTest, OurOwnFramesReflectedAreNone) {
  Start();
  SendProbes(1);
  EXPECT_FALSE(Hear(Probe(kOurs, kAddress)));
  EXPECT_FALSE(Hear(Announcement(kOurs, kAddress)));
  SendProbes(2);
  EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
}

TEST_F(DetectorTest, OthersWhoAskForTheAddressAreNone) {
  Start();
  Packet question = Announcement(kOther, kElsewhere);
  question.target_address = kAddress;
  EXPECT_FALSE(Hear(question));
  // Not a request, so not a probe (§1.1).
  Packet odd = Probe(kOther, kAddress);
  odd.operation = Operation::kReply;
  EXPECT_FALSE(Hear(odd));
  EXPECT_FALSE(Hear(Probe(kOther, kElsewhere)));
  EXPECT_EQ(detector_.candidates(), 1u);
}

TEST_F(DetectorTest, AConflictIsToldOnce) {
  Start();
  EXPECT_TRUE(Hear(Answer(kAddress)));
  EXPECT_FALSE(Hear(Answer(kAddress)));
}

TEST_F(DetectorTest, StartingACandidateAgainChangesNothing) {
  Start();
  SendProbes(2);
  Start();
  SendProbes(1);
  EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
  EXPECT_EQ(detector_.counters().started, 1u);
}

TEST_F(DetectorTest, AStoppedCandidateIsForgotten) {
  Start();
  SendProbes(1);
  detector_.Stop(kAddress);
  detector_.Stop(kElsewhere);
  EXPECT_FALSE(Hear(Answer(kAddress)));
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
}

TEST_F(DetectorTest, WithoutProbingAnAddressIsAdmittedAtOnce) {
  Detector trusting(kOurs, Timing::Within(absl::ZeroDuration()), random_);
  trusting.OnLinkDown();
  trusting.Start(kAddress, now_);
  EXPECT_EQ(trusting.deadline(), now_);
  EXPECT_THAT(trusting.OnTimer(now_), ElementsAre(Admitted{kAddress}));
}

TEST_F(DetectorTest, ALateTimerSendsOneProbeAndCountsFromThere) {
  Start();
  now_ += absl::Seconds(100);
  EXPECT_THAT(detector_.OnTimer(now_), ElementsAre(SendProbe{kAddress}));
  EXPECT_GE(detector_.deadline(), now_ + kProbeMin);
}

TEST_F(DetectorTest, AProbeThatCouldNotBeSentIsSentAgain) {
  Start();
  SendProbes(3);
  detector_.OnSendFailed(kAddress, now_);
  EXPECT_EQ(detector_.deadline(), now_ + kProbeMin);
  SendProbes(1);
  EXPECT_EQ(detector_.deadline(), now_ + kAnnounceWait);
  EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
  EXPECT_EQ(detector_.counters().probes, 3u);
}

TEST_F(DetectorTest, AFailedProbeOfAForgottenCandidateIsNothing) {
  detector_.OnSendFailed(kAddress, now_);
  Start();
  detector_.OnSendFailed(kAddress, now_);
  ExpectWholeAttempt();
}

TEST_F(DetectorTest, ALinkDownInTheMiddleBeginsTheAttemptAnew) {
  for (int probes = 0; probes <= kProbeNum; ++probes) {
    Start();
    SendProbes(probes);
    detector_.OnLinkDown();
    EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
    now_ += absl::Hours(1);
    EXPECT_THAT(detector_.OnTimer(now_), IsEmpty());
    EXPECT_FALSE(Hear(Answer(kAddress)));
    detector_.OnLinkUp(now_);
    ExpectWholeAttempt();
  }
  EXPECT_EQ(detector_.counters().restarted, 4u);
}

TEST_F(DetectorTest, WhatIsStartedWhileTheLinkIsDownWaits) {
  detector_.OnLinkDown();
  Start();
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
  detector_.OnLinkUp(now_);
  ExpectWholeAttempt();
}

TEST_F(DetectorTest, ALinkThatIsUpAlreadyDisturbsNothing) {
  Start();
  SendProbes(3);
  detector_.OnLinkUp(now_);
  EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
}

TEST_F(DetectorTest, LostFramesBeginTheAttemptAnew) {
  Start();
  SendProbes(3);
  detector_.OnFramesLost(now_);
  ExpectWholeAttempt();
}

TEST_F(DetectorTest, LostFramesDoNotWakeAParkedCandidate) {
  detector_.OnLinkDown();
  Start();
  detector_.OnFramesLost(now_);
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
}

TEST_F(DetectorTest, ANewMacBeginsTheAttemptAnewAndIsOurs) {
  Start();
  SendProbes(2);
  detector_.OnNewMac(kOther, now_);
  EXPECT_FALSE(Hear(Answer(kAddress)));
  EXPECT_FALSE(Hear(Probe(kOther, kAddress)));
  ExpectWholeAttempt();
  Start();
  EXPECT_TRUE(Hear(Probe(kOurs, kAddress)));
}

TEST_F(DetectorTest, TenConflictsInARowLimitTheRate) {
  Conflicts(kMaxConflicts - 1);
  EXPECT_FALSE(detector_.rate_limited());
  Conflicts(1);
  EXPECT_TRUE(detector_.rate_limited());
  EXPECT_EQ(detector_.next_start(), now_ + kRateLimitInterval);
  Start();
  EXPECT_EQ(detector_.held(), 1u);
  EXPECT_FALSE(Hear(Answer(kAddress)));  // not begun yet
  EXPECT_EQ(detector_.deadline(), now_ + kRateLimitInterval);
  EXPECT_THAT(Next(), IsEmpty());
  EXPECT_EQ(detector_.held(), 0u);
  ExpectWholeAttempt();
  EXPECT_FALSE(detector_.rate_limited());
  EXPECT_EQ(detector_.counters().rate_limits, 1u);
}

TEST_F(DetectorTest, UnderTheLimitOneCandidateBeginsEachInterval) {
  Conflicts(kMaxConflicts);
  const absl::Time limited = now_;
  for (int i = 0; i < 3; ++i) detector_.Start(Nth(100 + i), now_);
  for (int i = 0; i < 3; ++i) {
    now_ = limited + (i + 1) * kRateLimitInterval;
    EXPECT_THAT(detector_.OnTimer(now_ - kInstant), IsEmpty());
    EXPECT_EQ(detector_.held(), 3u - i);
    EXPECT_THAT(detector_.OnTimer(now_), IsEmpty());
    EXPECT_EQ(detector_.held(), 2u - i);
    EXPECT_TRUE(Hear(Answer(Nth(100 + i))));
  }
  EXPECT_EQ(detector_.conflicts_in_row(), 13);
}

TEST_F(DetectorTest, TheLimitHoldsNoFirstCandidateForLong) {
  Conflicts(kMaxConflicts);
  now_ += kRateLimitInterval;
  Start();
  EXPECT_EQ(detector_.held(), 0u);
  detector_.Start(kElsewhere, now_);
  EXPECT_EQ(detector_.held(), 1u);
  EXPECT_EQ(detector_.next_start(), now_ + kRateLimitInterval);
}

TEST_F(DetectorTest, AnAdmittedAddressEndsTheLimitAndFreesAllWhoWait) {
  Start();
  SendProbes(3);
  Conflicts(kMaxConflicts);
  for (int i = 0; i < 20; ++i) detector_.Start(Nth(100 + i), now_);
  EXPECT_EQ(detector_.held(), 20u);
  EXPECT_THAT(Next(), ElementsAre(Admitted{kAddress}));
  EXPECT_EQ(detector_.held(), 0u);
  EXPECT_EQ(detector_.conflicts_in_row(), 0);
  EXPECT_LE(detector_.deadline(), now_ + kProbeWait);
}

TEST_F(DetectorTest, TheLimitWaitsForTheLink) {
  Conflicts(kMaxConflicts);
  Start();
  detector_.OnLinkDown();
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
  now_ += 2 * kRateLimitInterval;
  detector_.OnLinkUp(now_);
  EXPECT_THAT(Next(), IsEmpty());
  ExpectWholeAttempt();
}

TEST_F(DetectorTest, AHeldCandidateCanBeStopped) {
  Conflicts(kMaxConflicts);
  Start();
  detector_.Stop(kAddress);
  EXPECT_EQ(detector_.held(), 0u);
  EXPECT_EQ(detector_.deadline(), absl::InfiniteFuture());
}

TEST_F(DetectorTest, ManyCandidatesAreSpreadOverTheWaitAndNeverBurst) {
  constexpr int kMany = 5000;
  for (int i = 0; i < kMany; ++i) detector_.Start(Nth(i), now_);
  // Each tenth of PROBE_WAIT has a tenth of them, give or take a fifth.
  for (int tenth = 1; tenth <= 10; ++tenth) {
    int sent = 0;
    now_ = absl::UnixEpoch() + tenth * kProbeWait / 10;
    while (detector_.deadline() <= now_) {
      const Actions actions = detector_.OnTimer(now_);
      EXPECT_LE(actions.size(), Detector::kMaxActionsPerTimer);
      sent += static_cast<int>(actions.size());
    }
    EXPECT_NEAR(sent, kMany / 10, kMany / 50);
  }
}

TEST_F(DetectorTest, EachOfManyCandidatesEndsByItself) {
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) detector_.Start(Nth(i), now_);
  int conflicts = 0;
  int admitted = 0;
  while (detector_.candidates() > 0) {
    for (const Detector::Action& action : Next()) {
      if (std::holds_alternative<Admitted>(action)) {
        EXPECT_NE(std::get<Admitted>(action).address.bits() % 4, 0u);
        ++admitted;
      } else if (const auto address = std::get<SendProbe>(action).address;
                 address.bits() % 4 == 0) {
        EXPECT_TRUE(Hear(Answer(address)));
        ++conflicts;
      }
    }
  }
  EXPECT_EQ(conflicts, kMany / 4);
  EXPECT_EQ(admitted, kMany * 3 / 4);
}

}  // namespace
}  // namespace netlink::arp
