#include "applets/ledger/recovery.h"

#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

using base::Ipv4;
using pool::State;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const base::Attachment kAttachment{"net", "c1", "eth0"};

pool::Pool PoolOf(const pool::Records& records) {
  pool::Pool pool{pool::Policy{}};
  pool.Apply(records);
  return pool;
}

pool::Record Row(uint32_t ip, State state) {
  pool::Address row;
  row.ip = Ipv4(ip);
  row.subnet = "s";
  row.state = state;
  row.since = kNow;
  return pool::PutAddress{row};
}

pool::Pool After(pool::Pool pool, const std::vector<Ipv4>& listed,
                 const std::vector<KernelPod>& kernel = {},
                 Scope scope = Scope::kRebuild) {
  pool.Apply(Reconcile(pool, "s", listed, kernel, scope, kNow));
  return pool;
}

TEST(RecoveryTest, AnAllocationThatSucceededUnseenIsAdopted) {
  pool::Pool pool = PoolOf({});
  pool.Apply(pool.DecideAllocate(2, "s", kNow).second);
  const pool::Pool after = After(pool, {Ipv4(1), Ipv4(2)});
  EXPECT_TRUE(after.intents().empty());
  EXPECT_EQ(after.counts().cooling, 2);
}

TEST(RecoveryTest, AnAllocationThatNeverHappenedLeavesNothing) {
  pool::Pool pool = PoolOf({});
  pool.Apply(pool.DecideAllocate(2, "s", kNow).second);
  const pool::Pool after = After(pool, {});
  EXPECT_TRUE(after.intents().empty());
  EXPECT_EQ(after.counts().total(), 0);
}

TEST(RecoveryTest, AReleaseIsDroppedOrKeptAsTheVpcSays) {
  pool::Pool pool = PoolOf({Row(1, State::kWarm), Row(2, State::kWarm)});
  pool.Apply(pool.DecideRelease(2, "s", kNow).second);
  const pool::Pool after = After(pool, {Ipv4(2)});
  EXPECT_EQ(after.Find(Ipv4(1)), nullptr);
  EXPECT_EQ(after.Find(Ipv4(2))->state, State::kWarm);
  EXPECT_TRUE(after.intents().empty());
}

TEST(RecoveryTest, AnAddressTheListLacksIsKept) {
  EXPECT_EQ(After(PoolOf({Row(1, State::kWarm)}), {}).counts().warm, 1);
}

TEST(RecoveryTest, ALostStoreIsRebuiltFromTheKernelsPods) {
  const pool::Pool after =
      After(PoolOf({}), {Ipv4(1), Ipv4(2), Ipv4(3)},
            {{Ipv4(1), "ucni01", kAttachment}, {Ipv4(2), "ucni02", {}}});
  ASSERT_NE(after.Find(kAttachment), nullptr);
  EXPECT_EQ(after.Find(kAttachment)->ip, Ipv4(1));
  EXPECT_EQ(after.Find(kAttachment)->lease->host_ifname, "ucni01");
  EXPECT_EQ(after.Find(Ipv4(2))->state, State::kQuarantined);
  EXPECT_EQ(after.Find(Ipv4(3))->state, State::kCooling);
}

TEST(RecoveryTest, OneAttachmentIsNeverRestoredTwice) {
  const pool::Pool once =
      After(PoolOf({}), {Ipv4(1)}, {{Ipv4(1), "ucni01", kAttachment}});
  const pool::Pool twice =
      After(once, {Ipv4(1), Ipv4(2)}, {{Ipv4(2), "ucni01", kAttachment}});
  EXPECT_EQ(twice.Find(kAttachment)->ip, Ipv4(1));
  EXPECT_EQ(twice.Find(Ipv4(2))->state, State::kQuarantined);
}

TEST(RecoveryTest, ARunningPodTheVpcDoesNotListIsLeasedAtARebuildOnly) {
  const std::vector<KernelPod> kernel = {{Ipv4(1), "ucni01", kAttachment}};
  EXPECT_NE(After(PoolOf({}), {}, kernel).Find(kAttachment), nullptr);
  EXPECT_EQ(
      After(PoolOf({}), {}, kernel, Scope::kOpenIntents).Find(kAttachment),
      nullptr);
}

}  // namespace
}  // namespace applets::ledger
