#include "pool/steward.h"

#include <random>
#include <utility>

#include "absl/random/random.h"
#include "gtest/gtest.h"
#include "pool/actions_lab.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr absl::Duration kNs = absl::Nanoseconds(1);
const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

// The node around a steward: its store, which may fail, and its calls, which
// the test answers.
class StewardTest : public testing::Test, protected ActionsLab<Action> {
 protected:
  StewardTest() {
    options_.subnet = "s";
    options_.watermarks = {2, 4};
  }

  // A steward that knows nothing but the pool, as after a restart.
  void Begin() {
    pool_.SetPolicy(Policy{.probing = probing_});
    steward_ = std::make_unique<Steward>(
        pool_,
        [this](const Records& records) {
          if (!store_.ok()) return store_;
          pool_.Apply(records);
          return absl::OkStatus();
        },
        options_, random_);
    Take(steward_->Start(needs_rebuild_, verified_at_, now_));
  }
  // ... in the middle of a quiet life: the list was right.
  void BeginQuietly() {
    verified_at_ = now_;
    Begin();
    const auto list = Expect<CallList>();
    Answer(list, Known());
    actions_.clear();
  }

  bool Said(Reason reason) {
    bool said = false;
    while (auto note = Next<Note>()) said |= note->reason == reason;
    return said;
  }

  // Passes time, event by event.
  void Pass(absl::Duration time) {
    const absl::Time until = now_ + time;
    while (steward_->deadline() <= until) {
      ASSERT_GT(steward_->deadline(), now_) << "a timer that never ends";
      now_ = steward_->deadline();
      Take(steward_->OnTimer(now_));
    }
    now_ = until;
  }
  void Wait(int waiting) { Take(steward_->OnChange(waiting, now_)); }
  void Changed() { Wait(0); }

  std::vector<Ipv4> Fresh(int count) {
    std::vector<Ipv4> ips;
    for (int i = 0; i < count; ++i) ips.emplace_back(next_ip_++);
    return ips;
  }
  std::vector<Ipv4> Known() {
    std::vector<Ipv4> ips;
    for (const auto& [ip, row] : pool_.addresses()) ips.push_back(ip);
    return ips;
  }
  void Answer(const CallAllocate& call, absl::StatusOr<std::vector<Ipv4>> got) {
    Take(steward_->OnAllocated(call.intent.id, got, now_));
  }
  void Answer(const CallRelease& call, const absl::Status& status) {
    Take(steward_->OnReleased(call.intent_id, call.ip, status, now_));
  }
  void Answer(const CallClaim& call, const absl::Status& status) {
    Take(steward_->OnClaimed(call.ip, status, now_));
  }
  void Answer(const CallList&, std::vector<Ipv4> listed,
              std::vector<User> users = {}) {
    Take(steward_->OnListed(now_, Listing{std::move(listed), std::move(users)},
                            now_));
  }
  void AnswerWith(const Listing& listing) {
    Take(steward_->OnListed(now_, listing, now_));
  }
  void Answer(const LookAtFlows& look, absl::StatusOr<std::set<Ipv4>> busy) {
    Take(steward_->OnFlows(look.ips, busy, now_));
  }
  // As the cloud would if it always could.
  void AnswerAll() {
    while (true) {
      if (const auto call = Next<CallAllocate>()) {
        Answer(*call, Fresh(call->intent.count));
      } else if (const auto release = Next<CallRelease>()) {
        Answer(*release, absl::OkStatus());
      } else if (const auto list = Next<CallList>()) {
        Answer(*list, Known());
      } else if (const auto probe = Next<StartProbe>()) {
        Take(steward_->OnAdmitted(probe->ip, now_));
      } else if (const auto look = Next<LookAtFlows>()) {
        Answer(*look, std::set<Ipv4>());
      } else {
        return;
      }
    }
  }

  void Have(Ipv4 ip, State state, absl::Duration until = absl::Seconds(30)) {
    Address row{.ip = ip, .subnet = "s", .state = state, .since = now_};
    if (state == State::kCooling) row.until = now_ + until;
    if (state == State::kLeased) row.lease = LeaseOf(ip);
    pool_.Apply(PutAddress{row});
  }
  void HaveFixed(Ipv4 ip) {
    pool_.Apply(PutAddress{{.ip = ip,
                            .subnet = "s",
                            .state = State::kFixed,
                            .since = now_,
                            .tenant = Tenant{"shop", "db-0", "uid"}}});
  }
  static Lease LeaseOf(Ipv4 ip) {
    Lease lease;
    lease.attachment = {"net", ip.ToString(), "eth0"};
    return lease;
  }
  void HaveWarm(int count) {
    for (const Ipv4 ip : Fresh(count)) Have(ip, State::kWarm);
  }

  StewardOptions options_;
  bool probing_ = false;
  bool needs_rebuild_ = false;
  absl::Time verified_at_ = absl::InfinitePast();
  Pool pool_{Policy()};
  absl::Status store_;
  std::mt19937_64 random_{1};
  std::unique_ptr<Steward> steward_;
  absl::Time now_ = kStart;
  uint32_t next_ip_ = 0x0a000001;
};

const absl::Status kLostAnswer = absl::DeadlineExceededError("no answer");
const absl::Status kFull = absl::ResourceExhaustedError("57000");
const absl::Status kElsewhere = absl::AlreadyExistsError("another has it");

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

// --- trimming and giving back

// What the VPC does last it may have been asked for just before the call was
// given up, however long ago that began.
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
