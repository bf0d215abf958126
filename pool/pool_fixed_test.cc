// Addresses that are fixed to one pod: pool.h, "fixed addresses".

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "pool/pool.h"

namespace pool {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1700000000);
const Tenant kDb0 = {"shop", "db-0", "uid-1"};

base::Ipv4 Ip(int last) { return base::Ipv4(0x0a7e4000 + last); }

Wish WishOf(const std::string& container, const std::string& pod = "db-0") {
  Wish wish;
  wish.attachment = {"cnivpc", container, "eth0"};
  wish.pod = {"shop", pod, "pod-uid"};
  wish.started_at = absl::Seconds(10);
  return wish;
}

class PoolFixedTest : public testing::Test {
 protected:
  PoolFixedTest() : pool_(Policy()) {
    pool_.Apply(pool_.DecideArrived({Ip(1), Ip(2)}, "subnet", kNow));
  }

  // An address that is fixed to the tenant.
  base::Ipv4 Fix(const Tenant& tenant) {
    const Grant grant = pool_.DecideFix(tenant, kNow).value();
    pool_.Apply(grant.records);
    return grant.address.ip;
  }
  void Lease(base::Ipv4 ip, const Wish& wish) {
    pool_.Apply(pool_.DecideAcquireFixed(wish, ip, kNow).value().records);
  }

  Pool pool_;
};

TEST_F(PoolFixedTest, AnAddressThatIsFixedIsLeasedToNobodyElse) {
  const base::Ipv4 ip = Fix(kDb0);
  const Grant other = pool_.DecideAcquire(WishOf("c", "web"), kNow).value();
  EXPECT_NE(other.address.ip, ip);
  pool_.Apply(other.records);
  EXPECT_TRUE(absl::IsResourceExhausted(
      pool_.DecideAcquire(WishOf("d", "web-2"), kNow).status()));
  EXPECT_TRUE(absl::IsNotFound(
      pool_.DecideAcquireFixed(WishOf("e", "web"), ip, kNow).status()));
}

TEST_F(PoolFixedTest, ItIsFixedAgainWhenItsPodHasGone) {
  const base::Ipv4 ip = Fix(kDb0);
  const Wish wish = WishOf("c");
  Lease(ip, wish);
  EXPECT_EQ(pool_.Find(ip)->state, State::kLeased);
  pool_.Apply(pool_.DecideDetach(wish.attachment, absl::Seconds(11), kNow));
  pool_.Apply(pool_.DecideDetached(wish.attachment, kNow));
  EXPECT_EQ(pool_.Find(ip)->state, State::kFixed);
  EXPECT_EQ(pool_.Find(ip)->tenant, kDb0);
}

TEST_F(PoolFixedTest, ItIsFixedAgainAfterAReboot) {
  const base::Ipv4 ip = Fix(kDb0);
  Lease(ip, WishOf("c"));
  pool_.Apply(pool_.DecideReboot(kNow));
  EXPECT_EQ(pool_.Find(ip)->state, State::kFixed);
  EXPECT_EQ(pool_.Find(ip)->tenant, kDb0);
}

TEST_F(PoolFixedTest, ItStaysItsPodsWhileAnotherPluginsPodUsesIt) {
  const base::Ipv4 ip = Fix(kDb0);
  const Wish wish = WishOf("c");
  Lease(ip, wish);
  pool_.Apply(pool_.DecideAbandon(wish.attachment));
  pool_.Apply(pool_.DecideForeign(wish.attachment, kNow));
  EXPECT_EQ(pool_.Find(ip)->state, State::kQuarantined);
  pool_.Apply(pool_.DecideVacant({ip}, kNow));
  EXPECT_EQ(pool_.Find(ip)->state, State::kFixed);
}

TEST_F(PoolFixedTest, AnAddThatADelHasOvertakenDoesntGetIt) {
  const base::Ipv4 ip = Fix(kDb0);
  pool_.Apply(
      pool_.DecideDetach(WishOf("c").attachment, absl::Seconds(11), kNow));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      pool_.DecideAcquireFixed(WishOf("c"), ip, kNow).status()));
}

TEST_F(PoolFixedTest, ASecondSandboxOfThePodIsToldToTryAgain) {
  const base::Ipv4 ip = Fix(kDb0);
  Lease(ip, WishOf("c"));
  EXPECT_TRUE(absl::IsUnavailable(
      pool_.DecideAcquireFixed(WishOf("d"), ip, kNow).status()));
  EXPECT_EQ(pool_.DecideAcquireFixed(WishOf("c"), ip, kNow)->address.ip, ip);
}

TEST_F(PoolFixedTest, WhatNobodyHasCanBeReserved) {
  pool_.Apply(pool_.DecideReserve(Ip(2), kDb0, kNow).value());
  EXPECT_EQ(pool_.Find(Ip(2))->tenant, kDb0);
  const Tenant again = {"shop", "db-0", "uid-2"};
  pool_.Apply(pool_.DecideReserve(Ip(2), again, kNow).value());
  EXPECT_EQ(pool_.Find(Ip(2))->tenant, again);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      pool_.DecideReserve(Ip(2), {"shop", "db-1", "u"}, kNow).status()));
  EXPECT_TRUE(
      absl::IsNotFound(pool_.DecideReserve(Ip(9), kDb0, kNow).status()));
}

TEST_F(PoolFixedTest, UnfixedItCoolsOrGoesOnBeingLeased) {
  const base::Ipv4 ip = Fix(kDb0);
  pool_.Apply(pool_.DecideUnfix(ip, kNow));
  EXPECT_EQ(pool_.Find(ip)->state, State::kCooling);
  const base::Ipv4 other = Fix(kDb0);
  Lease(other, WishOf("c"));
  pool_.Apply(pool_.DecideUnfix(other, kNow));
  EXPECT_EQ(pool_.Find(other)->state, State::kLeased);
  EXPECT_FALSE(pool_.Find(other)->tenant.has_value());
}

TEST_F(PoolFixedTest, EvictedItGoesBackToTheVpcByAnIntent) {
  const base::Ipv4 ip = Fix(kDb0);
  const auto [intent, records] = pool_.DecideEvict(ip, kNow);
  pool_.Apply(records);
  EXPECT_EQ(pool_.Find(ip)->state, State::kReleasing);
  EXPECT_FALSE(pool_.Find(ip)->tenant.has_value());
  pool_.Apply(pool_.DecideReleased(intent.id, ip));
  EXPECT_EQ(pool_.Find(ip), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(PoolFixedTest, WhileItIsLeasedItIsntEvicted) {
  const base::Ipv4 ip = Fix(kDb0);
  Lease(ip, WishOf("c"));
  EXPECT_TRUE(pool_.DecideEvict(ip, kNow).second.empty());
}

TEST_F(PoolFixedTest, OperatorsDontTakeIt) {
  const base::Ipv4 ip = Fix(kDb0);
  EXPECT_FALSE(pool_.DecidePop(ip, kNow).ok());
  EXPECT_FALSE(pool_.CouldRelease(ip).ok());
}

TEST_F(PoolFixedTest, OneThatIsTakenOverIsNobodysUntilItHasCome) {
  const auto [intent, records] =
      pool_.DecideTake(Ip(7), kDb0, "subnet", kNow).value();
  pool_.Apply(records);
  EXPECT_EQ(pool_.Find(Ip(7))->state, State::kArriving);
  EXPECT_EQ(pool_.FindTake(Ip(7))->id, intent.id);
  EXPECT_FALSE(pool_.DecideAcquireFixed(WishOf("c"), Ip(7), kNow).ok());
  pool_.Apply(pool_.DecideTaken(intent, kNow));
  EXPECT_EQ(pool_.Find(Ip(7))->state, State::kFixed);
  EXPECT_EQ(pool_.Find(Ip(7))->tenant, kDb0);
  EXPECT_EQ(pool_.FindTake(Ip(7)), nullptr);
  EXPECT_EQ(pool_.FindTenant(kDb0)->ip, Ip(7));
}

TEST_F(PoolFixedTest, AnAttemptToTakeItOverReplacesTheOneBefore) {
  const auto first = pool_.DecideTake(Ip(7), kDb0, "subnet", kNow).value();
  pool_.Apply(first.second);
  const Tenant later = {"shop", "db-0", "uid-2"};
  const auto second = pool_.DecideTake(Ip(7), later, "subnet", kNow).value();
  pool_.Apply(second.second);
  EXPECT_EQ(first.first.id, second.first.id);
  EXPECT_EQ(pool_.intents().size(), 1u);
  pool_.Apply(pool_.DecideUntaken(second.first));
  EXPECT_EQ(pool_.Find(Ip(7)), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(PoolFixedTest, WhatIsHereForSomethingElseIsntTakenOver) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      pool_.DecideTake(Ip(1), kDb0, "subnet", kNow).status()));
}

TEST_F(PoolFixedTest, ATenantsKeyNamesIt) {
  EXPECT_EQ(KeyOf(kDb0), "shop/db-0/uid-1");
  EXPECT_EQ(TenantOf("shop/db-0/uid-1"), kDb0);
  EXPECT_EQ(TenantOf("shop/db-0"), std::nullopt);
  EXPECT_EQ(TenantOf("//u"), std::nullopt);
}

}  // namespace
}  // namespace pool
