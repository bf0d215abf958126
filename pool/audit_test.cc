#include "pool/audit.h"

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr absl::Duration kSettle = absl::Seconds(10);
constexpr absl::Duration kLatest = absl::Seconds(20);
constexpr absl::Duration kNs = absl::Nanoseconds(1);
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);
constexpr Ipv4 kA(0x0a000002);
constexpr Ipv4 kB(0x0a000003);

class AuditTest : public testing::Test {
 protected:
  void Have(Ipv4 ip, State state = State::kWarm) {
    pool_.Apply(PutAddress{
        Address{.ip = ip, .subnet = "s", .state = state, .since = kNow}});
  }
  Audit::Findings Look(const std::vector<Ipv4>& listed, absl::Time at) {
    return Look(listed, at, at);
  }
  Audit::Findings Look(const std::vector<Ipv4>& listed, absl::Time asked_at,
                       absl::Time told_at) {
    return audit_.Compare(pool_, {listed, asked_at, told_at}, ended_);
  }

  Pool pool_{Policy()};
  Audit audit_{kSettle, kLatest};
  Audit::Ends ended_ = {{1, kNow}};
};

TEST_F(AuditTest, BelievesOnlyWhatItSeesTwice) {
  Have(kA);
  EXPECT_TRUE(Look({kB}, kNow).found.empty());
  EXPECT_EQ(audit_.deadline(), kNow + kSettle);
  const auto early = Look({kB}, kNow + kSettle - kNs);
  EXPECT_TRUE(early.found.empty());
  EXPECT_TRUE(early.missing.empty());
  const auto sure = Look({kB}, kNow + kSettle);
  EXPECT_EQ(sure.found, std::vector<Ipv4>{kB});
  EXPECT_EQ(sure.missing, std::vector<Ipv4>{kA});
}

TEST_F(AuditTest, ALookInBetweenThatIsRightClears) {
  Look({kB}, kNow);
  Look({}, kNow + absl::Seconds(5));
  EXPECT_EQ(audit_.deadline(), absl::InfiniteFuture());
  EXPECT_TRUE(Look({kB}, kNow + kSettle).found.empty());
}

// The address left the pool, lent or given back, while the list was on its way;
// the next one lags behind.
TEST_F(AuditTest, ASlowListDoesNotBringBackWhatLeftMeanwhile) {
  const absl::Time left = kNow + absl::Minutes(1);
  EXPECT_TRUE(Look({kA}, kNow, left + kNs).found.empty());
  EXPECT_TRUE(Look({kA}, left + kSettle - kNs).found.empty());
  EXPECT_EQ(audit_.deadline(), left + kNs + kSettle);
  EXPECT_EQ(Look({kA}, left + kNs + kSettle).found, std::vector<Ipv4>{kA});
}

TEST_F(AuditTest, WhatWasThereForLongIsMissedAtFirstSight) {
  Have(kA);
  EXPECT_TRUE(Look({}, kNow + kSettle - kNs).missing.empty());
  audit_.Forget(kA);
  EXPECT_EQ(Look({}, kNow + kSettle).missing, std::vector<Ipv4>{kA});
}

TEST_F(AuditTest, AnAddressOnItsWayBackIsNotMissed) {
  Have(kA, State::kReleasing);
  Look({}, kNow);
  EXPECT_TRUE(Look({}, kNow + kSettle).missing.empty());
}

// Nobody gets it, so no list after the other is needed to find out.
TEST_F(AuditTest, AnAddressInQuarantineIsNotMissed) {
  Have(kA, State::kQuarantined);
  EXPECT_TRUE(Look({}, kNow).missing.empty());
  EXPECT_TRUE(Look({}, kNow + kSettle).missing.empty());
  EXPECT_EQ(audit_.deadline(), absl::InfiniteFuture());
}

TEST_F(AuditTest, ForgetsWhatItSawBeforeAnAddressWentBack) {
  Look({kA}, kNow);
  audit_.Forget(kA);  // allocated and released meanwhile
  EXPECT_TRUE(Look({kA}, kNow + kSettle).found.empty());
}

TEST_F(AuditTest, AnAllocationSettlesWhenItCanNoLongerTakeEffect) {
  pool_.Apply(pool_.DecideAllocate(1, "s", kNow).second);
  EXPECT_TRUE(Look({}, kNow).settled.empty());
  EXPECT_EQ(audit_.deadline(), kNow + kLatest + kSettle);
  EXPECT_TRUE(Look({}, kNow + kLatest + kSettle - kNs).settled.empty());
  const auto last = Look({}, kNow + kLatest + kSettle);
  ASSERT_EQ(last.settled.size(), 1u);
  EXPECT_EQ(last.settled[0].id, 1);
}

TEST_F(AuditTest, AnAllocationDoesNotSettleBeforeAllThatIsListedIsKnown) {
  pool_.Apply(pool_.DecideAllocate(1, "s", kNow).second);
  const absl::Time late = kNow + kLatest + kSettle;
  EXPECT_TRUE(Look({kA}, late).settled.empty());
  const auto next = Look({kA}, late + kSettle);
  EXPECT_EQ(next.found, std::vector<Ipv4>{kA});
  EXPECT_EQ(next.settled.size(), 1u);
}

TEST_F(AuditTest, ACallThatHasNotEndedDoesNotSettle) {
  pool_.Apply(pool_.DecideAllocate(1, "s", kNow).second);
  ended_.clear();
  EXPECT_TRUE(Look({}, kNow + 10 * kLatest).settled.empty());
  EXPECT_EQ(audit_.deadline(), absl::InfiniteFuture());
  ended_ = {{1, kNow}};
  EXPECT_EQ(Look({}, kNow + 10 * kLatest).settled.size(), 1u);
}

// A cloud whose reads lag by any time below kSettle, and a node that allocates
// and releases; some answers are lost, and some addresses vanish.
class LaggingCloud {
 public:
  explicit LaggingCloud(int seed) : random_(seed) {}

  int Roll(int n) { return static_cast<int>(random_() % n); }
  void Set(Ipv4 ip, bool has) { history_[ip].emplace_back(now_, has); }
  bool Has(Ipv4 ip, absl::Time at) const {
    bool has = false;
    const auto it = history_.find(ip);
    if (it == history_.end()) return false;
    for (const auto& [time, had] : it->second) has = time <= at ? had : has;
    return has;
  }
  // Whether it had (or hadn't) it at any time since `from`.
  bool Ever(Ipv4 ip, bool wanted, absl::Time from) const {
    if (Has(ip, from) == wanted) return true;
    for (const auto& [time, had] : history_.at(ip)) {
      if (time > from && had == wanted) return true;
    }
    return false;
  }
  std::vector<Ipv4> List(absl::Duration lag) const {
    std::vector<Ipv4> listed;
    for (const auto& [ip, unused] : history_) {
      if (Has(ip, now_ - lag)) listed.push_back(ip);
    }
    return listed;
  }

  absl::Time now_ = kNow;

 private:
  std::mt19937 random_;
  std::map<Ipv4, std::vector<std::pair<absl::Time, bool>>> history_;
};

// The node's side; `Step` does one thing at random.
class LaggingNode {
 public:
  explicit LaggingNode(int seed) : cloud_(seed) {}

  void Step() {
    cloud_.now_ += absl::Milliseconds(cloud_.Roll(3000));
    const Ipv4 ip(0x0a000002 + cloud_.Roll(6));
    const int what = cloud_.Roll(6);
    if (what == 0 && !cloud_.Has(ip, cloud_.now_)) {
      cloud_.Set(ip, true);
      const bool answer_is_lost = cloud_.Roll(4) == 0;
      if (!answer_is_lost) Know(ip);
    } else if (what == 1 && pool_.Find(ip) != nullptr) {
      cloud_.Set(ip, false);
      Lose(ip);
    } else if (what == 2 && cloud_.Roll(5) == 0) {
      cloud_.Set(ip, false);  // behind our back
    } else if (what >= 3) {
      Look(absl::Milliseconds(cloud_.Roll(9999)));
    }
  }

  void Look(absl::Duration lag) {
    const absl::Time since = cloud_.now_ - kSettle;
    const std::vector<Ipv4> listed = cloud_.List(lag);
    const auto findings =
        audit_.Compare(pool_, {listed, cloud_.now_, cloud_.now_}, {});
    for (const Ipv4 ip : findings.found) {
      EXPECT_TRUE(cloud_.Ever(ip, true, since));
      Know(ip);
    }
    for (const Ipv4 ip : findings.missing) {
      EXPECT_TRUE(cloud_.Ever(ip, false, since));
      Lose(ip);
    }
  }

  void Settle() {
    for (int i = 0; i < 4; ++i) {
      cloud_.now_ += kSettle;
      Look(kSettle - kNs);
    }
  }
  bool Agrees() const {
    for (uint32_t i = 0; i < 6; ++i) {
      const Ipv4 ip(0x0a000002 + i);
      const bool known = pool_.Find(ip) != nullptr;
      if (known != cloud_.Has(ip, cloud_.now_)) return false;
    }
    return true;
  }

 private:
  void Know(Ipv4 ip) {
    pool_.Apply(PutAddress{Address{
        .ip = ip, .subnet = "s", .state = State::kWarm, .since = cloud_.now_}});
  }
  void Lose(Ipv4 ip) {
    pool_.Apply(DropAddress{ip});
    audit_.Forget(ip);
  }

  LaggingCloud cloud_;
  Pool pool_{Policy()};
  Audit audit_{kSettle, kLatest};
};

TEST(AuditPropertyTest, IsNotWrongWhileReadsLagLessThanItSettles) {
  for (int seed = 0; seed < 500; ++seed) {
    LaggingNode node(seed);
    for (int step = 0; step < 300; ++step) node.Step();
    node.Settle();
    ASSERT_TRUE(node.Agrees()) << "seed " << seed;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace pool
