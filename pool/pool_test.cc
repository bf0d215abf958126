#include "pool/pool.h"

#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "gtest/gtest.h"

namespace pool {
namespace {

using base::Attachment;
using base::Ipv4;

constexpr char kSubnet[] = "10.0.0.0/24";
const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

Attachment A(const std::string& id) { return {"net", id, "eth0"}; }

Wish WishOf(const std::string& id, absl::Duration started_at) {
  return {A(id),
          {"default", "pod-" + id, "uid"},
          "/run/netns/x",
          "ucni0",
          started_at};
}

Wish WishOf(const std::string& id) { return WishOf(id, absl::Seconds(100)); }

// A pool with `n` warm addresses, 10.0.0.1 and on.
Pool PoolOf(int n) {
  Pool pool(Policy{});
  const auto [intent, records] = pool.DecideAllocate(n, kSubnet, kStart);
  pool.Apply(records);
  std::vector<Ipv4> given;
  for (int i = 1; i <= n; ++i) {
    given.emplace_back(0x0a000000u + static_cast<uint32_t>(i));
  }
  pool.Apply(pool.DecideAllocated(intent, given, kStart));
  return pool;
}

Ipv4 Acquire(Pool& pool, const std::string& id, absl::Time now = kStart) {
  auto grant = pool.DecideAcquire(WishOf(id), now);
  EXPECT_TRUE(grant.ok()) << grant.status();
  pool.Apply(grant->records);
  return grant->address.ip;
}

void Delete(Pool& pool, const std::string& id, absl::Time now = kStart) {
  pool.Apply(pool.DecideDetach(A(id), absl::Seconds(200), now));
  pool.Apply(pool.DecideDetached(A(id), now));
}

TEST(PoolTest, AllocatedAddressesAreWarmAndTheIntentIsClosed) {
  const Pool pool = PoolOf(5);
  EXPECT_EQ(pool.counts().warm, 5);
  EXPECT_TRUE(pool.intents().empty());
}

TEST(PoolTest, DecidingChangesNothing) {
  const Pool pool = PoolOf(1);
  EXPECT_TRUE(pool.DecideAcquire(WishOf("a"), kStart).ok());
  EXPECT_EQ(pool.counts().warm, 1);
  EXPECT_EQ(pool.Find(A("a")), nullptr);
}

TEST(PoolTest, ACopyHasAllOfItAndNothingInCommon) {
  Pool pool = PoolOf(2);
  Acquire(pool, "a");
  Delete(pool, "b");
  pool.Apply(pool.DecideAllocate(1, "s", kStart).second);
  Pool copy = pool;
  pool = Pool(Policy());
  EXPECT_NE(copy.Find(A("a")), nullptr);
  EXPECT_EQ(copy.counts().warm, 1);
  EXPECT_EQ(copy.intents().size(), 1u);
  copy.Apply(copy.DecideExpire(copy.next_expiry()));
  EXPECT_TRUE(copy.tombstones().empty());
  EXPECT_EQ(copy.next_expiry(), absl::InfiniteFuture());
}

TEST(PoolTest, TwoAttachmentsGetTwoAddresses) {
  Pool pool = PoolOf(2);
  EXPECT_NE(Acquire(pool, "a"), Acquire(pool, "b"));
  EXPECT_EQ(pool.counts().leased, 2);
  EXPECT_EQ(pool.DecideAcquire(WishOf("c"), kStart).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(PoolTest, TheSameAttachmentGetsTheSameAddress) {
  Pool pool = PoolOf(2);
  const Ipv4 first = Acquire(pool, "a");
  EXPECT_EQ(Acquire(pool, "a"), first);
  EXPECT_EQ(pool.counts().leased, 1);
}

TEST(PoolTest, ARepeatedAddLeavesARunningPodAttached) {
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  pool.Apply(*pool.DecideAttached(A("a")));
  Acquire(pool, "a");
  EXPECT_EQ(pool.Find(A("a"))->lease->phase, Phase::kAttached);
}

TEST(PoolTest, AnAddressCoolsDownBeforeItIsWarmAgain) {
  Pool pool = PoolOf(1);
  const Ipv4 ip = Acquire(pool, "a");
  Delete(pool, "a");
  EXPECT_EQ(pool.Find(ip)->state, State::kCooling);
  EXPECT_EQ(pool.deadline(), kStart + absl::Seconds(30));
  const absl::Time over = kStart + absl::Seconds(30);
  EXPECT_TRUE(pool.DecideTick(over - absl::Nanoseconds(1)).empty());
  pool.Apply(pool.DecideTick(over));
  EXPECT_EQ(pool.Find(ip)->state, State::kWarm);
  EXPECT_EQ(pool.Find(ip)->recycled, 1u);
}

TEST(PoolTest, TheLongestRestedIsLeasedFirst) {
  Pool pool = PoolOf(3);
  const Ipv4 first = Acquire(pool, "a");
  Delete(pool, "a");
  pool.Apply(pool.DecideTick(kStart + absl::Seconds(30)));
  const absl::Time later = kStart + absl::Seconds(31);
  EXPECT_NE(Acquire(pool, "b", later), first);
  EXPECT_NE(Acquire(pool, "c", later), first);
  EXPECT_EQ(Acquire(pool, "d", later), first);
}

TEST(PoolTest, AnAddThatBeganBeforeTheDelIsRefused) {
  Pool pool = PoolOf(1);
  Delete(pool, "a");  // at 200 s of uptime
  EXPECT_EQ(pool.DecideAcquire(WishOf("a", absl::Seconds(199)), kStart)
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(pool.DecideAcquire(WishOf("a", absl::Seconds(201)), kStart).ok());
}

TEST(PoolTest, ADelThatWaitedDoesNotEndALaterAddsLease) {
  Pool pool = PoolOf(1);
  auto grant = pool.DecideAcquire(WishOf("a", absl::Seconds(300)), kStart);
  pool.Apply(grant->records);
  Delete(pool, "a");  // began at 200 s of uptime
  ASSERT_NE(pool.Find(A("a")), nullptr);
  EXPECT_EQ(pool.Find(A("a"))->lease->phase, Phase::kAttaching);
}

TEST(PoolTest, OnlyADetachingLeaseIsDetached) {
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  EXPECT_TRUE(pool.DecideDetached(A("a"), kStart).empty());
}

TEST(PoolTest, AForeignAddressIsQuarantinedUntilItIsVacant) {
  Pool pool = PoolOf(1);
  const Ipv4 ip = Acquire(pool, "a");
  pool.Apply(pool.DecideAbandon(A("a")));
  pool.Apply(pool.DecideForeign(A("a"), kStart));
  EXPECT_EQ(pool.Find(ip)->state, State::kQuarantined);
  EXPECT_FALSE(pool.DecideAcquire(WishOf("b"), kStart).ok());
  pool.Apply(pool.DecideVacant({ip, Ipv4(1)}, kStart));
  EXPECT_EQ(pool.Find(ip)->state, State::kCooling);
}

TEST(PoolTest, ARebootEndsLeasesAndForgetsTombstones) {
  Pool pool = PoolOf(2);
  Acquire(pool, "a");
  Delete(pool, "b");
  pool.Apply(pool.DecideReboot(kStart));
  EXPECT_EQ(pool.counts().leased, 0);
  EXPECT_EQ(pool.counts().cooling, 1);
  EXPECT_TRUE(pool.tombstones().empty());
}

TEST(PoolTest, TombstonesExpire) {
  Pool pool = PoolOf(1);
  Delete(pool, "a");
  pool.Apply(pool.DecideTick(kStart + absl::Minutes(10)));
  EXPECT_TRUE(pool.tombstones().empty());
  EXPECT_EQ(pool.deadline(), absl::InfiniteFuture());
}

TEST(PoolTest, AnAddDuringTheTakeDownIsToldToTryAgain) {
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  pool.Apply(pool.DecideDetach(A("a"), absl::Seconds(200), kStart));
  EXPECT_EQ(pool.DecideAcquire(WishOf("a", absl::Seconds(300)), kStart)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
}

TEST(PoolTest, AttachedAfterADelIsNotFound) {
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  EXPECT_TRUE(pool.DecideAttached(A("a")).ok());
  pool.Apply(pool.DecideDetach(A("a"), absl::Seconds(200), kStart));
  EXPECT_EQ(pool.DecideAttached(A("a")).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(PoolTest, DelOfAnUnknownAttachmentLeavesATombstoneOnly) {
  Pool pool = PoolOf(1);
  Delete(pool, "x");
  EXPECT_EQ(pool.tombstones().size(), 1u);
  EXPECT_EQ(pool.counts().warm, 1);
}

TEST(PoolTest, AbandonedAddCoolsDownWithoutATombstone) {
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  pool.Apply(pool.DecideAbandon(A("a")));
  pool.Apply(pool.DecideDetached(A("a"), kStart));
  EXPECT_TRUE(pool.tombstones().empty());
  EXPECT_EQ(pool.counts().cooling, 1);
}

TEST(PoolTest, ReleaseTakesTheLongestRestedAndCanBeTakenBack) {
  Pool pool = PoolOf(3);
  auto [intent, records] = pool.DecideRelease(2, kSubnet, kStart);
  pool.Apply(records);
  EXPECT_EQ(pool.counts().releasing, 2);
  EXPECT_EQ(pool.intents().size(), 1u);
  pool.Apply(pool.DecideKept(intent, kStart));
  EXPECT_EQ(pool.counts().warm, 3);
  auto [again, more] = pool.DecideRelease(9, kSubnet, kStart);
  EXPECT_GT(again.id, intent.id);
  pool.Apply(more);
  pool.Apply(pool.DecideReleased(again));
  EXPECT_EQ(pool.counts().total(), 0);
}

TEST(PoolTest, NothingToReleaseOpensNoIntent) {
  EXPECT_TRUE(PoolOf(0).DecideRelease(1, kSubnet, kStart).second.empty());
}

TEST(PoolTest, AdoptedAddressesRestFirst) {
  Pool pool = PoolOf(1);
  pool.Apply(
      pool.DecideAdopt({Ipv4(0x0a000001), Ipv4(0x0a000009)}, kSubnet, kStart));
  EXPECT_EQ(pool.counts().warm, 1);
  EXPECT_EQ(pool.Find(Ipv4(0x0a000009))->state, State::kCooling);
}

TEST(PoolTest, GcFindsTheLeasesOfItsNetworkThatAreNotValid) {
  Pool pool = PoolOf(3);
  Acquire(pool, "a");
  Acquire(pool, "b");
  const auto stale = pool.NotIn("net", {A("a")});
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(stale[0].attachment, A("b"));
  EXPECT_TRUE(pool.NotIn("other", {}).empty());
}

TEST(PoolTest, ApplyingARecordTwiceDoesNoHarm) {
  Pool pool = PoolOf(1);
  const auto grant = pool.DecideAcquire(WishOf("a"), kStart);
  pool.Apply(grant->records);
  pool.Apply(grant->records);
  EXPECT_EQ(pool.counts().leased, 1);
  EXPECT_EQ(pool.counts().total(), 1);
}

TEST(PoolTest, DrySaysWhatIsCoolingAndUntilWhen) {
  const absl::Status full =
      absl::ResourceExhaustedError("subnet s has no address left");
  Pool pool = PoolOf(1);
  Acquire(pool, "a");
  const absl::Status none = Dry(pool, "s", full, kStart);
  EXPECT_EQ(none.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(none.message(),
            "no address for the pod: subnet s has no address left (pool of "
            "subnet s: 1 leased, 0 cooling)");
  Delete(pool, "a");
  const absl::Status wait = Dry(pool, "s", full, kStart + absl::Seconds(10));
  EXPECT_EQ(wait.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(wait.message(),
            "no address for the pod: subnet s has no address left (pool of "
            "subnet s: 0 leased, 1 cooling, the first is free in 20s)");
  EXPECT_EQ(Dry(PoolOf(0), "s", absl::UnavailableError("x"), kStart).code(),
            absl::StatusCode::kUnavailable);
}

// Any order of ADDs, DELs and ticks: no address twice, none lost, and the
// counts are those of the rows.
TEST(PoolTest, RandomLifeKeepsTheInvariants) {
  for (int seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    Pool pool = PoolOf(8);
    absl::Time now = kStart;
    for (int step = 0; step < 500; ++step) {
      const std::string id(
          1, static_cast<char>('a' + absl::Uniform(random, 0, 12)));
      now += absl::Seconds(absl::Uniform(random, 0, 5));
      switch (absl::Uniform(random, 0, 4)) {
        case 0:
        case 1:
          if (auto g = pool.DecideAcquire(WishOf(id, absl::Hours(1)), now);
              g.ok()) {
            pool.Apply(g->records);
          }
          break;
        case 2:
          Delete(pool, id, now);
          break;
        default:
          pool.Apply(pool.DecideTick(now));
      }
      std::set<Attachment> holders;
      Counts counts;
      for (const auto& [ip, row] : pool.addresses()) {
        counts.warm += row.state == State::kWarm;
        counts.leased += row.state == State::kLeased;
        counts.cooling += row.state == State::kCooling;
        ASSERT_EQ(row.lease.has_value(), row.state == State::kLeased);
        if (row.lease) {
          ASSERT_TRUE(holders.insert(row.lease->attachment).second);
        }
      }
      ASSERT_EQ(pool.addresses().size(), 8u);
      ASSERT_EQ(counts.warm, pool.counts().warm);
      ASSERT_EQ(counts.leased, pool.counts().leased);
      ASSERT_EQ(counts.cooling, pool.counts().cooling);
    }
  }
}

}  // namespace
}  // namespace pool
