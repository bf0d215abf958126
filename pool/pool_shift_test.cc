#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "pool/pool.h"

namespace pool {
namespace {

using base::Ipv4;
using Kind = Intent::Kind;

constexpr char kSubnet[] = "subnet-1";
const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
const Ipv4 kIp(0x0a000001);

class PoolShiftTest : public testing::Test {
 protected:
  // An address that is warm, and has been for so long.
  void Warm(Ipv4 ip, absl::Duration rested,
            const std::string& subnet = kSubnet) {
    pool_.Apply(PutAddress{
        In(State::kWarm, {.ip = ip, .subnet = subnet}, kStart - rested)});
  }
  Intent Lend(const std::string& key) {
    const auto [intent, records] =
        pool_.DecideLend(key, "node-b", kSubnet, kStart);
    pool_.Apply(records);
    return intent;
  }
  Intent Borrow(const std::string& key) {
    const auto [intent, records] =
        pool_.DecideBorrow(key, "node-b", kSubnet, kStart);
    pool_.Apply(records);
    return intent;
  }
  Intent Promised(const std::string& key, Ipv4 ip) {
    Borrow(key);
    const auto records =
        pool_.DecidePromised(*pool_.FindShift(Kind::kBorrow, key), ip, kStart);
    EXPECT_TRUE(records.ok()) << records.status();
    pool_.Apply(*records);
    return *pool_.FindShift(Kind::kBorrow, key);
  }
  State StateOf(Ipv4 ip) {
    const Address* row = pool_.Find(ip);
    EXPECT_NE(row, nullptr);
    return row == nullptr ? State::kQuarantined : row->state;
  }

  Pool pool_{Policy{.probing = true}};
};

TEST_F(PoolShiftTest, TheOneThatHasRestedLongestIsLent) {
  Warm(Ipv4(1), absl::Seconds(10));
  Warm(Ipv4(2), absl::Seconds(20));
  EXPECT_EQ(Lend("k").addresses, std::vector<Ipv4>{Ipv4(2)});
  EXPECT_EQ(StateOf(Ipv4(2)), State::kLeaving);
  EXPECT_EQ(pool_.counts().leaving, 1);
  EXPECT_EQ(pool_.counts().warm, 1);
}

TEST_F(PoolShiftTest, AnAddressOfAnotherSubnetIsNotLent) {
  Warm(Ipv4(1), absl::Seconds(10), "subnet-2");
  EXPECT_TRUE(pool_.DecideLend("k", "node-b", kSubnet, kStart).second.empty());
}

TEST_F(PoolShiftTest, AnAddressThatLeavesIsNotLeasedNorGivenBackNorDisowned) {
  Warm(kIp, absl::Seconds(10));
  Lend("k");
  const Wish wish{{"net", "c", "eth0"}, {}, "/run/netns/x", "ucni0", {}};
  EXPECT_TRUE(
      absl::IsResourceExhausted(pool_.DecideAcquire(wish, kStart).status()));
  EXPECT_TRUE(pool_.DecideRelease(1, kSubnet, kStart).second.empty());
  EXPECT_FALSE(pool_.CouldRelease(kIp).ok());
  EXPECT_FALSE(pool_.DecidePop(kIp, kStart).ok());
  EXPECT_TRUE(pool_.DecideDisown(kIp).empty());
}

TEST_F(PoolShiftTest, WhatIsLentIsForgotten) {
  Warm(kIp, absl::Seconds(10));
  pool_.Apply(pool_.DecideLent(Lend("k")));
  EXPECT_EQ(pool_.Find(kIp), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
  EXPECT_EQ(pool_.counts().total(), 0);
}

TEST_F(PoolShiftTest, WhatIsKeptIsProbedAgain) {
  Warm(kIp, absl::Seconds(10));
  pool_.Apply(pool_.DecideKeptBack(Lend("k"), kStart));
  EXPECT_EQ(StateOf(kIp), State::kFresh);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(PoolShiftTest, WithoutProbingWhatIsKeptCoolsDown) {
  pool_.SetPolicy({.probing = false});
  Warm(kIp, absl::Seconds(10));
  pool_.Apply(pool_.DecideKeptBack(Lend("k"), kStart));
  EXPECT_EQ(StateOf(kIp), State::kCooling);
}

TEST_F(PoolShiftTest, APromisedAddressArrivesAndIsFreshWhenItIsOurs) {
  const Intent intent = Promised("k", kIp);
  EXPECT_EQ(StateOf(kIp), State::kArriving);
  EXPECT_EQ(intent.addresses, std::vector<Ipv4>{kIp});
  pool_.Apply(pool_.DecideBorrowed(intent, kStart));
  EXPECT_EQ(StateOf(kIp), State::kFresh);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(PoolShiftTest, AnAddressThatDoesNotComeLeavesNoTrace) {
  pool_.Apply(pool_.DecideUnborrowed(Promised("k", kIp)));
  EXPECT_EQ(pool_.Find(kIp), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(PoolShiftTest, AnAddressThatThePoolHasIsNotTakenOver) {
  Warm(kIp, absl::Seconds(10));
  const Intent intent = Borrow("k");
  EXPECT_TRUE(absl::IsAlreadyExists(
      pool_.DecidePromised(intent, kIp, kStart).status()));
}

TEST_F(PoolShiftTest, ShiftsAndCallsToTheVpcDoNotShareNumbers) {
  Warm(Ipv4(1), absl::Seconds(10));
  const Intent lend = Lend("k");
  const auto [allocate, records] = pool_.DecideAllocate(1, kSubnet, kStart);
  pool_.Apply(records);
  const Intent borrow = Borrow("l");
  EXPECT_LT(lend.id, 0);
  EXPECT_LT(borrow.id, 0);
  EXPECT_NE(lend.id, borrow.id);
  EXPECT_GT(allocate.id, 0);
  EXPECT_EQ(pool_.intents().size(), 3u);
}

TEST_F(PoolShiftTest, AShiftIsFoundByItsKindAndKey) {
  Warm(kIp, absl::Seconds(10));
  const Intent lend = Lend("k");
  EXPECT_EQ(*pool_.FindShift(Kind::kLend, "k"), lend);
  EXPECT_EQ(pool_.FindShift(Kind::kBorrow, "k"), nullptr);
  EXPECT_EQ(pool_.FindShift(Kind::kLend, "l"), nullptr);
}

}  // namespace
}  // namespace pool
