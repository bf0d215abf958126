#include "netlink/arp/guard.h"

#include "gtest/gtest.h"

namespace netlink::arp {
namespace {

constexpr base::Mac kOurs({2, 0, 0, 0, 0, 1});
constexpr base::Mac kOther({2, 0, 0, 0, 0, 2});
constexpr base::Ipv4 kAddress(0x0a000007);
constexpr base::Ipv4 kAnother(0x0a000008);
constexpr absl::Duration kInstant = absl::Nanoseconds(1);

class GuardTest : public ::testing::Test {
 protected:
  GuardTest() { guard_.Watch(kAddress); }

  std::optional<Guard::Action> HearClaim(base::Ipv4 address) {
    return guard_.OnPacket(Announcement(kOther, address), now_);
  }

  static constexpr Defend kDefence{kAddress, kOther};
  static constexpr Contested kTold{kAddress, kOther};
  absl::Time now_ = absl::UnixEpoch();
  Guard guard_{kOurs};
};

TEST_F(GuardTest, TheConstantIsTheStandards) {
  EXPECT_EQ(kDefendInterval, absl::Seconds(10));
}

TEST_F(GuardTest, DefendsAnAddressAtTheFirstClaim) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
}

TEST_F(GuardTest, AReplyIsAClaimAsWell) {
  const Packet reply = Reply(Probe(kOurs, kAddress), kOther);
  EXPECT_EQ(guard_.OnPacket(reply, now_), Guard::Action(kDefence));
}

TEST_F(GuardTest, ASecondClaimWithinTheIntervalIsTold) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
  now_ += kDefendInterval - kInstant;
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kTold));
}

TEST_F(GuardTest, ASecondClaimAfterTheIntervalIsDefendedAgain) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
  now_ += kDefendInterval;
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
}

TEST_F(GuardTest, AClaimThatGoesOnIsToldOnceEachIntervalAndNotDefended) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
  int told = 0;
  for (int second = 1; second <= 60; ++second) {
    now_ += absl::Seconds(1);
    const auto action = HearClaim(kAddress);
    if (!action) continue;
    EXPECT_EQ(*action, Guard::Action(kTold));
    ++told;
  }
  EXPECT_EQ(told, 6);
  EXPECT_EQ(guard_.counters().conflicts, 61u);
  EXPECT_EQ(guard_.counters().defended, 1u);
  EXPECT_EQ(guard_.counters().contested, 6u);
}

TEST_F(GuardTest, EachAddressIsDefendedByItself) {
  guard_.Watch(kAnother);
  EXPECT_TRUE(HearClaim(kAddress));
  EXPECT_EQ(HearClaim(kAnother), Guard::Action(Defend{kAnother, kOther}));
}

TEST_F(GuardTest, OurOwnFramesAreNoClaim) {
  EXPECT_FALSE(guard_.OnPacket(Announcement(kOurs, kAddress), now_));
  EXPECT_FALSE(guard_.OnPacket(Probe(kOurs, kAddress), now_));
  EXPECT_FALSE(guard_.OnPacket(Announcement(kOther, kAnother), now_));
  EXPECT_EQ(guard_.counters().conflicts, 0u);
}

TEST_F(GuardTest, AProbeIsAnsweredAndIsNoClaim) {
  const Guard::Action answer = Answer{kAddress, kOther};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(guard_.OnPacket(Probe(kOther, kAddress), now_), answer);
  }
  EXPECT_EQ(guard_.counters().answered, 3u);
  EXPECT_EQ(guard_.counters().conflicts, 0u);
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
}

TEST_F(GuardTest, QuestionsOfOthersAndProbesForOthersAreTheKernels) {
  Packet question = Announcement(kOther, kAnother);
  question.target_address = kAddress;
  EXPECT_FALSE(guard_.OnPacket(question, now_));
  EXPECT_FALSE(guard_.OnPacket(Probe(kOther, kAnother), now_));
}

TEST_F(GuardTest, ANewMacIsOurs) {
  guard_.OnNewMac(kOther);
  EXPECT_FALSE(HearClaim(kAddress));
  EXPECT_TRUE(guard_.OnPacket(Announcement(kOurs, kAddress), now_));
}

TEST_F(GuardTest, WhatIsNoLongerWatchedIsNotDefended) {
  guard_.Unwatch(kAddress);
  guard_.Unwatch(kAnother);
  EXPECT_EQ(guard_.watched(), 0u);
  EXPECT_FALSE(HearClaim(kAddress));
}

TEST_F(GuardTest, WatchingAgainDoesNotForgetTheLastClaim) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
  guard_.Watch(kAddress);
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kTold));
}

TEST_F(GuardTest, ADefenceThatCouldNotBeSentIsNone) {
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
  guard_.OnSendFailed(kAddress);
  guard_.OnSendFailed(kAnother);
  EXPECT_EQ(guard_.counters().defended, 0u);
  EXPECT_EQ(HearClaim(kAddress), Guard::Action(kDefence));
}

}  // namespace
}  // namespace netlink::arp
