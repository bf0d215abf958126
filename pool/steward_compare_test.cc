#include "gtest/gtest.h"
#include "pool/steward.h"
#include "pool/steward_lab.h"

namespace pool {
namespace {

// --- comparing with the VPC

TEST_F(StewardTest, ListsOnceAnInterval) {
  HaveWarm(4);
  BeginQuietly();
  int lists = 0;
  for (int i = 0; i < 60; ++i) {
    Pass(absl::Seconds(10));
    if (const auto list = Next<CallList>()) {
      ++lists;
      Answer(*list, Known());
    }
  }
  EXPECT_EQ(lists, 10);
}

TEST_F(StewardTest, AWarmAddressThatTheVpcLostIsClaimedAndNotLeasedMeanwhile) {
  HaveWarm(4);
  BeginQuietly();
  Pass(options_.verify_interval);
  std::vector<Ipv4> listed = Known();
  const Ipv4 gone = listed.back();
  listed.pop_back();
  Answer(Expect<CallList>(), listed);
  EXPECT_EQ(pool_.Find(gone)->state, State::kFresh);
  const auto claim = Expect<CallClaim>();
  EXPECT_EQ(claim.ip, gone);
  Answer(claim, absl::OkStatus());
  EXPECT_TRUE(Said(Reason::kReclaimed));
  Take(steward_->OnAdmitted(Expect<StartProbe>().ip, now_));
  EXPECT_EQ(pool_.counts().warm, 4);
}

TEST_F(StewardTest, AClaimThatIsRefusedLeavesTheDoubt) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kLeased);
  BeginQuietly();
  Pass(options_.verify_interval);
  Answer(Expect<CallList>(), {});
  Answer(Expect<CallClaim>(), absl::PermissionDeniedError("299"));
  Have(ip, State::kCooling);  // the pod has gone
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.Find(ip)->state, State::kCooling);
  Pass(options_.verify_interval);
  Answer(Expect<CallList>(), {ip});
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.Find(ip)->state, State::kWarm);
}

TEST_F(StewardTest, ALossThatCannotBeStoredLeavesTheDoubt) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  BeginQuietly();
  Have(ip, State::kCooling);
  Pass(options_.settle);
  Take(steward_->OnListed(now_, Listing{}, now_));
  const auto claim = Expect<CallClaim>();
  store_ = absl::UnavailableError("the disk is full");
  Answer(claim, kElsewhere);
  store_ = absl::OkStatus();
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.Find(ip)->state, State::kCooling);
}

// The other node knows by a list alone, and may have had it for a while.
TEST_F(StewardTest, WhatAnotherNodeDidNotTakeIsClaimedBeforeItIsProbed) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  BeginQuietly();
  Have(ip, State::kFresh);
  Take(steward_->OnKeptBack(ip, now_));
  EXPECT_TRUE(None<StartProbe>());
  Answer(Expect<CallClaim>(), absl::OkStatus());
  EXPECT_EQ(Expect<StartProbe>().ip, ip);
  Take(steward_->OnKeptBack(ip, now_));
  Answer(Expect<CallClaim>(), kElsewhere);
  EXPECT_EQ(pool_.Find(ip), nullptr);
}

TEST_F(StewardTest, AnAddressThatSomebodyElseHasIsDropped) {
  HaveWarm(4);
  BeginQuietly();
  Pass(options_.verify_interval);
  std::vector<Ipv4> listed = Known();
  const Ipv4 gone = listed.back();
  listed.pop_back();
  Answer(Expect<CallList>(), listed);
  Answer(Expect<CallClaim>(), kElsewhere);
  EXPECT_TRUE(Said(Reason::kLost));
  EXPECT_EQ(pool_.Find(gone), nullptr);
}

TEST_F(StewardTest, ALeaseStaysEvenIfTheAddressIsSomebodyElses) {
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kLeased);
  HaveWarm(2);
  BeginQuietly();
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    Pass(options_.verify_interval);
    std::vector<Ipv4> listed = Known();
    listed.erase(listed.begin());
    Answer(Expect<CallList>(), listed);
    Answer(Expect<CallClaim>(), kElsewhere);
    told += Said(Reason::kLost) ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(pool_.Find(ip)->state, State::kLeased);
}

// Its lease stays; nothing else is to be found out but whether it is free
// again.
TEST_F(StewardTest, AFixedAddressThatTheVpcLacksIsForgottenAndNotAskedFor) {
  const Ipv4 ip = Fresh(1)[0];
  HaveFixed(ip);
  HaveWarm(2);
  BeginQuietly();
  Pass(absl::Minutes(1));
  std::vector<Ipv4> listed = Known();
  std::erase(listed, ip);
  Answer(Expect<CallList>(), listed);
  EXPECT_EQ(pool_.Find(ip), nullptr);
  EXPECT_TRUE(None<CallClaim>());
  EXPECT_TRUE(Said(Reason::kFixedGone));
}

TEST_F(StewardTest, AFixedAddressIsNeitherSpareNorNeeded) {
  options_.watermarks = {1, 2};
  HaveFixed(Fresh(1)[0]);
  HaveWarm(2);
  BeginQuietly();
  Pass(absl::Minutes(5));
  EXPECT_TRUE(None<CallRelease>());
  EXPECT_TRUE(None<CallAllocate>());
}

TEST_F(StewardTest, AnUnknownAddressThatIsFixedIsKeptForItsPod) {
  HaveWarm(2);
  BeginQuietly();
  const Ipv4 ip(77);
  for (int i = 0; i < 2; ++i) {
    Pass(absl::Minutes(1));
    std::vector<Ipv4> listed = Known();
    listed.push_back(ip);
    const Listing listing = {
        listed, {}, Tenants{{ip, {"shop", "db-0", "uid"}}}};
    Expect<CallList>();
    AnswerWith(listing);
    Pass(absl::Seconds(11));
    if (Next<CallList>()) AnswerWith(listing);
  }
  ASSERT_NE(pool_.Find(ip), nullptr);
  EXPECT_EQ(pool_.Find(ip)->state, State::kFixed);
}

TEST_F(StewardTest, AnUnknownAddressThatMayBeFixedIsntTakenIn) {
  HaveWarm(2);
  BeginQuietly();
  const Ipv4 ip(77);
  for (int i = 0; i < 5; ++i) {
    Pass(absl::Minutes(1));
    while (auto list = Next<CallList>()) {
      std::vector<Ipv4> listed = Known();
      listed.push_back(ip);
      AnswerWith(Listing{listed, {}, std::nullopt});
    }
  }
  EXPECT_EQ(pool_.Find(ip), nullptr);
}

TEST_F(StewardTest, ALostStoreComesBackWithWhatIsFixed) {
  needs_rebuild_ = true;
  Begin();
  const Ipv4 fixed(77);
  const Ipv4 leased(78);
  Expect<CallList>();
  AnswerWith(Listing{{fixed, leased},
                     {{leased, "ucni1", {"cnivpc", "c", "eth0"}}},
                     Tenants{{fixed, {"shop", "db-0", "u0"}},
                             {leased, {"shop", "db-1", "u1"}}}});
  EXPECT_EQ(pool_.Find(fixed)->state, State::kFixed);
  EXPECT_EQ(pool_.Find(leased)->state, State::kLeased);
  EXPECT_EQ(pool_.Find(leased)->tenant->name, "db-1");
}

TEST_F(StewardTest, APodWithAnAddressOfSomebodyElseCostsAClaimAnInterval) {
  options_.watermarks = {0, 4};
  Have(Fresh(1)[0], State::kLeased);
  BeginQuietly();
  int lists = 0;
  int claims = 0;
  for (int second = 0; second < 600; ++second) {
    Pass(absl::Seconds(1));
    if (const auto list = Next<CallList>()) {
      ++lists;
      Answer(*list, {});
    }
    if (const auto claim = Next<CallClaim>()) {
      ++claims;
      Answer(*claim, kElsewhere);
    }
  }
  EXPECT_LE(lists, 11);
  EXPECT_LE(claims, 11);
  EXPECT_GE(claims, 9);
}

TEST_F(StewardTest, WhatWasSomebodyElsesIsAskedForAgainBeforeAnotherPodGetsIt) {
  options_.watermarks = {0, 4};
  const Ipv4 ip = Fresh(1)[0];
  Have(ip, State::kLeased);
  BeginQuietly();
  Pass(options_.verify_interval);
  Answer(Expect<CallList>(), {});
  Answer(Expect<CallClaim>(), kElsewhere);
  Have(ip, State::kCooling);  // the pod has gone
  Changed();
  Pass(absl::Seconds(30));
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.counts().warm, 0);
  EXPECT_EQ(Expect<CallClaim>().ip, ip);
  Take(steward_->OnClaimed(ip, kElsewhere, now_));
  EXPECT_EQ(pool_.Find(ip), nullptr);
}

TEST_F(StewardTest, AListThatIsWrongAltogetherDoesNotEmptyThePool) {
  options_.watermarks = {0, 100};
  HaveWarm(100);
  BeginQuietly();
  Pass(options_.verify_interval);
  Answer(Expect<CallList>(), {});
  EXPECT_GE(pool_.counts().warm, 80);
}

TEST_F(StewardTest, AnAddressThatAPodOfOursUsesIsLeasedToItAgain) {
  HaveWarm(2);
  BeginQuietly();
  const Ipv4 ip = Fresh(1)[0];
  const User user{ip, "ucni01", {"net", "c9", "eth0"}};
  for (int i = 0; i < 3; ++i) {
    Pass(options_.verify_interval);
    std::vector<Ipv4> listed = Known();
    listed.push_back(ip);
    if (const auto list = Next<CallList>()) Answer(*list, listed, {user});
  }
  ASSERT_NE(pool_.Find(user.attachment), nullptr);
  EXPECT_EQ(pool_.Find(user.attachment)->ip, ip);
}

TEST_F(StewardTest, AnAddWaitsForTheListWhenTheLastOneIsTooOld) {
  HaveWarm(4);
  verified_at_ = now_ - options_.verify_max_age - kNs;
  Begin();
  EXPECT_FALSE(steward_->MayLease(now_));
  Wait(1);
  EXPECT_TRUE(None<Serve>());
  Answer(Expect<CallList>(), Known());
  EXPECT_TRUE(Expect<Serve>().status.ok());
  EXPECT_TRUE(steward_->MayLease(now_));
}

TEST_F(StewardTest, WithTheVpcDownAnAddIsServedUnverifiedOrToldWhy) {
  for (const bool lease_unverified : {true, false}) {
    pool_ = Pool(Policy());
    actions_.clear();
    HaveWarm(4);
    options_.lease_unverified = lease_unverified;
    Begin();
    Wait(1);
    Expect<CallList>();
    Take(steward_->OnListed(now_, kLostAnswer, now_));
    EXPECT_EQ(Expect<Serve>().status.ok(), lease_unverified);
    EXPECT_EQ(steward_->MayLease(now_), lease_unverified);
  }
}

TEST_F(StewardTest, NothingIsDoneBeforeALostStoreIsRebuilt) {
  needs_rebuild_ = true;
  Begin();
  EXPECT_TRUE(None<CallAllocate>());
  Expect<CallList>();
  Take(steward_->OnListed(now_, kLostAnswer, now_));
  EXPECT_TRUE(steward_->needs_rebuild());
  Pass(Steward::kMinBackoff);
  const User user{Ipv4(7), "ucni01", {"net", "c9", "eth0"}};
  Answer(Expect<CallList>(), {Ipv4(8)}, {user});
  EXPECT_FALSE(steward_->needs_rebuild());
  EXPECT_EQ(pool_.Find(Ipv4(8))->state, State::kCooling);
  EXPECT_EQ(pool_.Find(Ipv4(7))->state, State::kLeased);
  EXPECT_EQ(Expect<CallClaim>().ip, Ipv4(7));  // a pod has it
}

TEST_F(StewardTest, AStoreIsRebuiltAtOnceWhenTheNodeHasNoFreeAddress) {
  needs_rebuild_ = true;
  Begin();
  const User user{Ipv4(7), "ucni01", {"net", "c9", "eth0"}};
  Answer(Expect<CallList>(), {Ipv4(7)}, {user});
  Expect<Rebuilt>();
}

// The list may be older than the last address that was given back, and a call
// from before may still take one.
TEST_F(StewardTest, NoPodGetsWhatALostStoreHadBeforeALaterListShowsIt) {
  options_.watermarks = {0, 4};
  needs_rebuild_ = true;
  Begin();
  Answer(Expect<CallList>(), {Ipv4(7), Ipv4(8)});
  const absl::Time sure = now_ + options_.latest_effect + options_.settle;
  while (steward_->deadline() < sure) {
    ASSERT_GT(steward_->deadline(), now_);
    now_ = steward_->deadline();
    Take(steward_->OnTimer(now_));
    AnswerAll();
  }
  EXPECT_EQ(pool_.counts().cooling, 2);
  EXPECT_TRUE(None<Rebuilt>());
  now_ = sure;
  Take(steward_->OnTimer(now_));
  Answer(Expect<CallList>(), {Ipv4(8)});
  EXPECT_TRUE(None<Rebuilt>());
  const auto claim = Expect<CallClaim>();
  EXPECT_EQ(claim.ip, Ipv4(7));
  Answer(claim, kElsewhere);
  Pass(options_.verify_interval);
  AnswerAll();
  Expect<Rebuilt>();
  EXPECT_EQ(pool_.Find(Ipv4(8))->state, State::kWarm);
  EXPECT_EQ(pool_.Find(Ipv4(7)), nullptr);
}

// The first list lacked it, and a pod may have had it until a moment ago.
TEST_F(StewardTest, WhatALaterListShowsOfALostStoreRestsToo) {
  probing_ = true;
  options_.watermarks = {0, 4};
  needs_rebuild_ = true;
  Begin();
  Answer(Expect<CallList>(), {});
  for (int look = 0; look < 2; ++look) {
    now_ += options_.settle;
    Take(steward_->OnListed(now_, Listing{{Ipv4(7)}, {}}, now_));
  }
  EXPECT_EQ(pool_.Find(Ipv4(7))->state, State::kCooling);
}

TEST_F(StewardTest, AnAddThatFindsThePoolDryGetsNothingThatIsNotSure) {
  options_.watermarks = {0, 4};
  needs_rebuild_ = true;
  Begin();
  Answer(Expect<CallList>(), {Ipv4(7)});
  Wait(1);
  Answer(Expect<CallAllocate>(), kFull);
  Answer(Expect<LookAtFlows>(), std::set<Ipv4>());
  EXPECT_EQ(pool_.counts().warm, 0);
  EXPECT_EQ(Expect<Serve>().status, kFull);
}

}  // namespace
}  // namespace pool
