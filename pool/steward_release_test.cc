#include "gtest/gtest.h"
#include "pool/steward.h"
#include "pool/steward_lab.h"

namespace pool {
namespace {

// --- trimming and giving back

// Its answer takes so long that the list has told of the address and it has
// gone to another node since.
TEST_F(StewardTest, WhatAListFoundFirstIsNotTakenFromASlowAnswer) {
  Begin();
  Answer(Expect<CallList>(), {});
  const auto call = Expect<CallAllocate>();
  const std::vector<Ipv4> given = Fresh(2);
  for (int look = 0; look < 2; ++look) {
    Pass(options_.verify_interval);
    Answer(Expect<CallList>(), {given[0]});
  }
  EXPECT_TRUE(Said(Reason::kAdopted));
  pool_.Apply(DropAddress{given[0]});
  Answer(call, given);
  EXPECT_EQ(pool_.Find(given[0]), nullptr);
  EXPECT_NE(pool_.Find(given[1]), nullptr);
}

// What the VPC does last it may have been asked for just before the call was
// given up, however long ago that began.
TEST_F(StewardTest, AnAllocationStaysOpenUntilALateEffectMustHaveShown) {
  options_.watermarks = {1, 1};
  Begin();
  Answer(Expect<CallList>(), {});
  const auto call = Expect<CallAllocate>();
  Pass(absl::Seconds(60));
  Answer(call, kLostAnswer);
  const absl::Time settled = now_ + options_.latest_effect + options_.settle;
  const auto is_open = [&] { return pool_.intents().contains(call.intent.id); };
  while (now_ < settled + absl::Seconds(5)) {
    if (now_ < settled) {
      EXPECT_TRUE(is_open()) << settled - now_;
    }
    Pass(absl::Seconds(1));
    if (const auto list = Next<CallList>()) Answer(*list, Known());
    while (const auto more = Next<CallAllocate>()) Answer(*more, kFull);
  }
  EXPECT_FALSE(is_open());
}

// ... nor does the clock of an earlier run say when that is.
TEST_F(StewardTest, AnAllocationOfAnEarlierRunEndsWhenThisOneBegins) {
  options_.watermarks = {0, 0};
  const absl::Time other = now_ - absl::Hours(30);
  pool_.Apply(pool_.DecideAllocate(1, "s", other).second);
  BeginQuietly();
  Pass(options_.latest_effect);
  while (const auto list = Next<CallList>()) Answer(*list, Known());
  EXPECT_EQ(pool_.intents().size(), 1u);
  Pass(options_.settle + absl::Seconds(1));
  while (const auto list = Next<CallList>()) Answer(*list, Known());
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(StewardTest, TrimsAboveTheHighWatermarkAfterADelay) {
  HaveWarm(7);
  BeginQuietly();
  Pass(options_.trim_delay - kNs);
  EXPECT_TRUE(None<CallRelease>());
  for (int i = 0; i < 30; ++i) {
    Pass(absl::Seconds(1));
    AnswerAll();
  }
  EXPECT_EQ(pool_.counts().warm, 4);
}

TEST_F(StewardTest, NeedThatComesBackInTimeStopsATrim) {
  HaveWarm(5);
  BeginQuietly();
  Pass(options_.trim_delay / 2);
  Have(pool_.addresses().begin()->first, State::kLeased);
  Changed();
  Have(pool_.addresses().begin()->first, State::kWarm);
  Changed();
  Pass(options_.trim_delay - kNs);
  EXPECT_TRUE(None<CallRelease>());  // the delay began anew
}

TEST_F(StewardTest, AReleaseWithoutAnAnswerIsRepeatedUntilNoneCanBeOnItsWay) {
  options_.watermarks = {0, 0};
  HaveWarm(1);
  BeginQuietly();
  Pass(options_.trim_delay * 1.5);
  const auto first = Expect<CallRelease>();
  Answer(first, kLostAnswer);
  Pass(Steward::kMinBackoff);
  Answer(Expect<CallRelease>(), absl::OkStatus());
  EXPECT_NE(pool_.Find(first.ip), nullptr);  // the first may still come
  for (int i = 0; i < 14; ++i) {
    Pass(absl::Seconds(5));
    if (const auto list = Next<CallList>()) Answer(*list, {});
  }
  Answer(Expect<CallRelease>(), absl::OkStatus());
  EXPECT_EQ(pool_.Find(first.ip), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(StewardTest, AReleaseThatARestartInterruptedIsMadeTwice) {
  options_.watermarks = {0, 0};
  HaveWarm(1);
  pool_.Apply(pool_.DecideRelease(1, "s", now_).second);
  verified_at_ = now_;
  Begin();
  Answer(Expect<CallRelease>(), absl::OkStatus());
  EXPECT_EQ(pool_.counts().releasing, 1);
  Pass(options_.latest_effect);
  Answer(Expect<CallRelease>(), absl::OkStatus());
  EXPECT_EQ(pool_.counts().total(), 0);
}

TEST_F(StewardTest, AllocatingAndGivingBackNeverOverlap) {
  options_.watermarks = {0, 0};
  HaveWarm(1);
  BeginQuietly();
  Pass(options_.trim_delay * 1.5);
  const auto release = Expect<CallRelease>();
  Wait(1);
  EXPECT_TRUE(None<CallAllocate>());
  Answer(release, absl::OkStatus());
  EXPECT_EQ(Expect<CallAllocate>().intent.count, 1);
}

// Whatever pods do, the steward doesn't give back what it has just taken, nor
// take what it has just given back: one trim takes it to the high watermark.
TEST_F(StewardTest, NeverOscillates) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    pool_ = Pool(Policy());
    random_.seed(seed);
    const int low = static_cast<int>(random_() % 5);
    options_.watermarks = {low, low + static_cast<int>(random_() % 5)};
    HaveWarm(static_cast<int>(random_() % 20));
    actions_.clear();
    verified_at_ = now_;
    Begin();
    int allocated = 0;
    int released = 0;
    for (int second = 0; second < 300; ++second) {
      Pass(absl::Seconds(1));
      for (const Action& action : actions_) {
        allocated += std::holds_alternative<CallAllocate>(action) ? 1 : 0;
        released += std::holds_alternative<CallRelease>(action) ? 1 : 0;
      }
      AnswerAll();
    }
    ASSERT_TRUE(allocated == 0 || released == 0) << "seed " << seed;
    ASSERT_GE(pool_.counts().warm, options_.watermarks.low);
    ASSERT_LE(pool_.counts().warm, options_.watermarks.high);
  }
}

// --- cooling

TEST_F(StewardTest, AnAddressWithConnectionsRestsLonger) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kCooling);
  BeginQuietly();
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>{ip});
  EXPECT_TRUE(Said(Reason::kCooldownExtended));
  EXPECT_EQ(pool_.Find(ip)->state, State::kCooling);
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.Find(ip)->state, State::kWarm);
}

TEST_F(StewardTest, ConnectionsDoNotKeepAnAddressForEver) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kCooling);
  BeginQuietly();
  for (int i = 0; i < 21 && pool_.counts().cooling > 0; ++i) {
    Pass(absl::Seconds(30));
    if (const auto list = Next<CallList>()) Answer(*list, Known());
    if (const auto look = Next<LookAtFlows>()) Answer(*look, std::set{ip});
  }
  EXPECT_EQ(pool_.counts().warm, 1);
}

TEST_F(StewardTest, AClockThatWasSetBackKeepsNoAddressFromPods) {
  options_.watermarks = {0, 4};
  now_ += absl::Hours(30);
  const std::vector<Ipv4> ips = Fresh(2);
  Have(ips[0], State::kCooling);
  pool_.Apply(pool_.DecideArrived({ips[1]}, "s", now_));
  pool_.SetPolicy(Policy{.probing = true});
  Have(ips[1], State::kFresh);
  pool_.Apply(
      pool_.DecideConflict(ips[1], now_, now_ + options_.conflict_hold));
  now_ -= absl::Hours(30);
  Begin();
  Pass(std::max(Policy().cooldown, options_.conflict_hold));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.Find(ips[0])->state, State::kWarm);
  EXPECT_EQ(pool_.Find(ips[1])->state, State::kReleasing);
}

TEST_F(StewardTest, AddressesThatHaveRestedAreLookedAtTogether) {
  options_.watermarks = {0, 4};
  const std::vector<Ipv4> ips = Fresh(3);
  Have(ips[0], State::kCooling, absl::Seconds(10));
  Have(ips[1], State::kCooling, absl::Seconds(10.3));
  Have(ips[2], State::kCooling, absl::Seconds(10.6));
  BeginQuietly();
  Pass(absl::Seconds(10));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  Pass(absl::Seconds(0.9));
  EXPECT_TRUE(None<LookAtFlows>());
  Pass(absl::Seconds(0.1));
  EXPECT_EQ(Expect<LookAtFlows>().ips, (std::vector<Ipv4>{ips[1], ips[2]}));
}

TEST_F(StewardTest, ButNotAtTheExpenseOfAnAddThatWaits) {
  options_.watermarks = {0, 4};
  const std::vector<Ipv4> ips = Fresh(2);
  Have(ips[0], State::kCooling, absl::Seconds(10));
  Have(ips[1], State::kCooling, absl::Seconds(10.3));
  BeginQuietly();
  Pass(absl::Seconds(10));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  Wait(2);
  Pass(absl::Seconds(0.3));
  EXPECT_EQ(Expect<LookAtFlows>().ips, std::vector<Ipv4>{ips[1]});
}

TEST_F(StewardTest, WithoutConntrackTheTimeAloneCounts) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kCooling);
  BeginQuietly();
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), absl::UnimplementedError("no conntrack"));
  EXPECT_EQ(pool_.Find(ip)->state, State::kWarm);
}

TEST_F(StewardTest, ADryPoolEndsACooldownEarlyIfThereAreNoConnections) {
  options_.watermarks = {0, 4};
  const std::vector<Ipv4> ips = Fresh(2);
  Have(ips[0], State::kCooling);
  Have(ips[1], State::kCooling);
  BeginQuietly();
  Wait(2);
  Answer(Expect<CallAllocate>(), kFull);
  const auto look = Expect<LookAtFlows>();
  EXPECT_EQ(look.ips, ips);
  EXPECT_TRUE(None<Serve>());
  Answer(look, std::set<Ipv4>{ips[0]});
  EXPECT_TRUE(Said(Reason::kCooldownEnded));
  EXPECT_EQ(pool_.Find(ips[0])->state, State::kCooling);
  EXPECT_EQ(pool_.Find(ips[1])->state, State::kWarm);
  EXPECT_TRUE(Expect<Serve>().status.ok());
}

TEST_F(StewardTest, ACooldownNeverEndsEarlyWhenNobodyKnowsOfConnections) {
  options_.watermarks = {0, 4};
  Have(Fresh(1)[0], State::kCooling);
  BeginQuietly();
  Wait(1);
  Answer(Expect<CallAllocate>(), kFull);
  Answer(Expect<LookAtFlows>(), absl::UnimplementedError("no conntrack"));
  EXPECT_EQ(pool_.counts().cooling, 1);
  EXPECT_TRUE(absl::IsResourceExhausted(Expect<Serve>().status));
}

}  // namespace
}  // namespace pool
