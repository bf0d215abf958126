#include "pool/steward.h"
#include "gtest/gtest.h"
#include "pool/steward_lab.h"

namespace pool {
namespace {

// --- filling

TEST_F(StewardTest, FillsToTheLowWatermarkInOneCall) {
  options_.watermarks = {50, 60};
  Begin();
  const auto call = Expect<CallAllocate>();
  EXPECT_EQ(call.intent.count, 50);
  EXPECT_FALSE(call.for_pod);
  EXPECT_EQ(pool_.intents().size(), 1u);  // stored before the call is made
  Answer(call, Fresh(50));
  EXPECT_EQ(pool_.counts().warm, 50);
  EXPECT_TRUE(None<CallAllocate>());
}

TEST_F(StewardTest, BothWatermarksZeroAllocatesNothingAheadOfNeed) {
  options_.watermarks = {0, 0};
  BeginQuietly();
  EXPECT_TRUE(None<CallAllocate>());
  Wait(1);
  const auto call = Expect<CallAllocate>();
  EXPECT_EQ(call.intent.count, 1);
  EXPECT_TRUE(call.for_pod);
}

TEST_F(StewardTest, FillsForPodsThatAreAboutToAsk) {
  HaveWarm(2);
  BeginQuietly();
  EXPECT_TRUE(None<CallAllocate>());
  steward_->SetDemand(7);
  Changed();
  const auto call = Expect<CallAllocate>();
  EXPECT_EQ(call.intent.count, 7);  // beside the two of the low watermark
  EXPECT_FALSE(call.for_pod);
}

TEST_F(StewardTest, AnAddThatWaitsIsPartOfTheDemand) {
  options_.watermarks = {0, 0};
  BeginQuietly();
  steward_->SetDemand(2);
  Changed();
  const auto call = Expect<CallAllocate>();
  EXPECT_EQ(call.intent.count, 2);
  Wait(1);
  Answer(call, Fresh(2));
  EXPECT_TRUE(None<CallAllocate>());
}

TEST_F(StewardTest, WhatPodsAreAboutToAskForIsNotTrimmed) {
  HaveWarm(9);
  BeginQuietly();
  steward_->SetDemand(5);
  Changed();
  Pass(absl::Minutes(2));
  EXPECT_EQ(pool_.counts().warm, 9);
  steward_->SetDemand(0);
  Changed();
  Pass(absl::Minutes(2));
  EXPECT_LT(pool_.counts().warm, 9);
}

TEST_F(StewardTest, AFreshAddressIsWarmOnlyWhenItsProbeHasEnded) {
  probing_ = true;
  options_.watermarks = {1, 1};
  Begin();
  Answer(Expect<CallAllocate>(), Fresh(1));
  EXPECT_EQ(pool_.counts().warm, 0);
  const auto probe = Expect<StartProbe>();
  Take(steward_->OnAdmitted(probe.ip, now_));
  EXPECT_EQ(pool_.counts().warm, 1);
}

TEST_F(StewardTest, AnAddressThatIsPutBackByHandIsProbed) {
  probing_ = true;
  HaveWarm(3);
  BeginQuietly();
  const Ipv4 ip = pool_.addresses().begin()->first;
  pool_.Apply(pool_.DecidePop(ip, now_)->records);
  Changed();
  pool_.Apply(pool_.DecidePush(ip, now_)->records);
  Take(steward_->OnPushed(ip, now_));
  EXPECT_EQ(Expect<StartProbe>().ip, ip);
}

TEST_F(StewardTest, TellsWhenTheFirstAddressesHaveComeOrCannot) {
  probing_ = true;
  Begin();
  EXPECT_FALSE(steward_->filled_once());
  const auto call = Expect<CallAllocate>();
  Answer(call, Fresh(2));
  EXPECT_FALSE(steward_->filled_once());
  Take(steward_->OnAdmitted(Expect<StartProbe>().ip, now_));
  EXPECT_TRUE(steward_->filled_once());
  pool_ = Pool(Policy());
  actions_.clear();
  Begin();
  Answer(Expect<CallAllocate>(), kFull);
  EXPECT_TRUE(steward_->filled_once());
}

TEST_F(StewardTest, AnAddressInConflictIsKeptForAWhileAndGivenBack) {
  probing_ = true;
  options_.watermarks = {1, 1};
  Begin();
  Answer(Expect<CallList>(), {});
  Answer(Expect<CallAllocate>(), Fresh(1));
  const Ipv4 ip = Expect<StartProbe>().ip;
  Take(steward_->OnConflict(ip, "02:00:00:00:00:01", now_));
  EXPECT_TRUE(Said(Reason::kConflict));
  EXPECT_EQ(pool_.Find(ip)->state, State::kQuarantined);
  Answer(Expect<CallAllocate>(), Fresh(1));  // another one is taken
  EXPECT_NE(Expect<StartProbe>().ip, ip);
  EXPECT_TRUE(None<CallRelease>());
  Pass(options_.conflict_hold);
  const auto release = Expect<CallRelease>();
  EXPECT_EQ(release.ip, ip);
  Answer(release, absl::OkStatus());
  EXPECT_EQ(pool_.Find(ip), nullptr);
}

TEST_F(StewardTest, AFullSubnetIsBelievedForAWhile) {
  Begin();
  Answer(Expect<CallList>(), {});
  Answer(Expect<CallAllocate>(), kFull);
  EXPECT_TRUE(Said(Reason::kSubnetExhausted));
  EXPECT_TRUE(pool_.intents().empty());
  EXPECT_TRUE(absl::IsResourceExhausted(steward_->obstacle(now_)));
  EXPECT_EQ(steward_->exhausted_since(), kStart);
  Pass(Steward::kInhibit - kNs);
  EXPECT_TRUE(None<CallAllocate>());
  Pass(kNs);
  Answer(Expect<CallAllocate>(), Fresh(2));
  EXPECT_EQ(steward_->exhausted_since(), absl::InfiniteFuture());
}

TEST_F(StewardTest, AnAllocationWithoutAnAnswerStaysOpenUntilTheListSettlesIt) {
  Begin();
  Answer(Expect<CallList>(), {});
  Answer(Expect<CallAllocate>(), kLostAnswer);
  EXPECT_EQ(pool_.intents().size(), 1u);
  EXPECT_TRUE(Said(Reason::kVpcUnavailable));
  const std::vector<Ipv4> leaked = Fresh(2);  // it took place all the same
  for (int i = 0; i < 200; ++i) {
    Pass(absl::Seconds(1));
    if (const auto call = Next<CallAllocate>()) Answer(*call, kFull);
    if (const auto list = Next<CallList>()) Answer(*list, leaked);
  }
  EXPECT_EQ(Known(), leaked);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(StewardTest, ARefusalClosesTheIntentAndIsTold) {
  Begin();
  Wait(1);
  Answer(Expect<CallAllocate>(), absl::PermissionDeniedError("299"));
  EXPECT_TRUE(Said(Reason::kVpcRefused));
  EXPECT_TRUE(absl::IsPermissionDenied(Expect<Serve>().status));
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(StewardTest, WhatCouldNotBeStoredIsFoundByTheList) {
  Begin();
  Answer(Expect<CallList>(), {});
  const auto call = Expect<CallAllocate>();
  store_ = absl::UnavailableError("disk full");
  const std::vector<Ipv4> given = Fresh(2);
  Answer(call, given);
  EXPECT_TRUE(Said(Reason::kStoreFailed));
  EXPECT_EQ(pool_.counts().total(), 0);
  store_ = absl::OkStatus();
  for (int i = 0; i < 30; ++i) {
    Pass(absl::Seconds(5));
    if (const auto list = Next<CallList>()) Answer(*list, given);
    if (const auto more = Next<CallAllocate>()) Answer(*more, kFull);
    if (const auto look = Next<LookAtFlows>()) Answer(*look, std::set<Ipv4>());
  }
  EXPECT_EQ(pool_.counts().warm, 2);
  EXPECT_TRUE(pool_.intents().empty());
}

// --- ADDs that wait

TEST_F(StewardTest, EveryAddThatWaitsIsAnsweredWhenTheVpcFails) {
  options_.watermarks = {0, 4};
  BeginQuietly();
  Wait(3);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    Answer(Expect<CallAllocate>(), kLostAnswer);
    EXPECT_TRUE(None<Serve>());  // it is asked again soon
    Pass(Steward::kPatience);
  }
  Answer(Expect<CallAllocate>(), kLostAnswer);
  EXPECT_EQ(Expect<Serve>().status, kLostAnswer);
  Wait(0);
  Wait(1);  // while the VPC is left alone
  EXPECT_EQ(Expect<Serve>().status, kLostAnswer);
}

TEST_F(StewardTest, AFullSubnetIsHelpedOutByOtherNodes) {
  options_.watermarks = {0, 4};
  options_.can_borrow = true;
  BeginQuietly();
  Wait(2);
  Answer(Expect<CallAllocate>(), kFull);
  EXPECT_EQ(Expect<Borrow>().count, 2);
  EXPECT_TRUE(None<Serve>());
  const std::vector<Ipv4> came = Fresh(2);
  for (const Ipv4 ip : came) Have(ip, State::kFresh);
  Take(steward_->OnBorrowed(came, now_));
  for (int i = 0; i < 2; ++i) {
    Take(steward_->OnAdmitted(Expect<StartProbe>().ip, now_));
  }
  EXPECT_EQ(pool_.counts().warm, 2);
  EXPECT_TRUE(Expect<Serve>().status.ok());
}

TEST_F(StewardTest, WhenNobodyLendsTheAddIsToldThatTheSubnetIsFull) {
  options_.watermarks = {0, 4};
  options_.can_borrow = true;
  BeginQuietly();
  Wait(1);
  Answer(Expect<CallAllocate>(), kFull);
  Expect<Borrow>();
  Take(steward_->OnBorrowed(std::vector<Ipv4>(), now_));
  EXPECT_EQ(Expect<Serve>().status,
            absl::ResourceExhaustedError(
                absl::StrCat(kFull.message(),
                             "; no other node lent an address: none has any to "
                             "spare")));
  Wait(1);
  EXPECT_TRUE(None<Borrow>());  // not again at once
}

TEST_F(StewardTest, AnAddDoesNotWaitForOneHopeAfterTheOther) {
  options_.watermarks = {0, 4};
  options_.can_borrow = true;
  BeginQuietly();
  Wait(1);
  Answer(Expect<CallAllocate>(), kFull);
  Expect<Borrow>();
  Pass(Steward::kInhibit);
  Expect<CallAllocate>();  // and no answer yet
  Take(steward_->OnBorrowed(std::vector<Ipv4>(), now_));
  EXPECT_TRUE(absl::IsResourceExhausted(Expect<Serve>().status));
}

// --- by hand

TEST_F(StewardTest, AnOperatorGetsOneAddressMoreThanTheWatermarks) {
  HaveWarm(3);
  BeginQuietly();
  Take(steward_->OnWanted(now_));
  const auto call = Expect<CallAllocate>();
  EXPECT_EQ(call.intent.count, 1);
  Answer(call, Fresh(1));
  EXPECT_EQ(pool_.counts().warm, 4);
  EXPECT_TRUE(None<CallAllocate>());
}

TEST_F(StewardTest, WhatAnOperatorPutsBackIsProbed) {
  probing_ = true;
  HaveWarm(2);
  BeginQuietly();
  const Ipv4 ip = Known().front();
  pool_.Apply(pool_.DecidePop(ip, now_)->records);
  Changed();
  EXPECT_TRUE(None<StartProbe>());
  pool_.Apply(pool_.DecidePush(ip, now_)->records);
  Take(steward_->OnPushed(ip, now_));
  EXPECT_EQ(Expect<StartProbe>().ip, ip);
}

TEST_F(StewardTest, APoppedAddressIsKeptWhateverTheWatermarksSay) {
  options_.watermarks = {0, 0};
  HaveWarm(1);
  const Ipv4 ip = Known().front();
  pool_.Apply(pool_.DecidePop(ip, now_)->records);
  BeginQuietly();
  for (int i = 0; i < 300; ++i) {
    Pass(absl::Seconds(1));
    AnswerAll();
  }
  EXPECT_EQ(pool_.counts().popped, 1);
}

TEST_F(StewardTest, WhatAnOperatorGivesUpIsReleasedByAnIntent) {
  HaveWarm(3);
  BeginQuietly();
  const Ipv4 ip = Known().front();
  Take(steward_->OnUnwanted({ip, Ipv4(0x7f000001)}, now_));
  const auto call = Expect<CallRelease>();
  EXPECT_EQ(call.ip, ip);
  EXPECT_EQ(pool_.intents().size(), 1u);
  Answer(call, absl::OkStatus());
  EXPECT_EQ(pool_.Find(ip), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

}  // namespace
}  // namespace pool
