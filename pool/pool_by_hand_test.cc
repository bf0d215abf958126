// What an operator does to the pool by hand.
#include <string>

#include "gtest/gtest.h"
#include "pool/pool.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr char kSubnet[] = "10.0.0.0/24";
const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
constexpr Ipv4 kA(0x0a000001);
constexpr Ipv4 kB(0x0a000002);
constexpr Ipv4 kStranger(0x0a0000ff);

// kA is warm, and kB since a second later.
class ByHandTest : public testing::Test {
 protected:
  ByHandTest() {
    pool_.Apply(pool_.DecideArrived({kA}, kSubnet, kStart));
    pool_.Apply(pool_.DecideArrived({kB}, kSubnet, kStart + absl::Seconds(1)));
  }
  void Lease(Ipv4 expected) {
    const auto grant = pool_.DecideAcquire(
        {attachment_, {"shop", "web", "u"}, "", "", absl::Seconds(1)}, now_);
    ASSERT_TRUE(grant.ok());
    ASSERT_EQ(grant->address.ip, expected);
    pool_.Apply(grant->records);
  }
  void Delete() {
    pool_.Apply(pool_.DecideDetach(attachment_, absl::Seconds(2), now_));
    pool_.Apply(pool_.DecideDetached(attachment_, now_));
  }
  void Pop(std::optional<Ipv4> ip) {
    const auto popped = pool_.DecidePop(ip, now_);
    ASSERT_TRUE(popped.ok()) << popped.status();
    pool_.Apply(popped->records);
  }
  State Push(std::optional<Ipv4> ip) {
    const auto pushed = pool_.DecidePush(ip, now_);
    EXPECT_TRUE(pushed.ok()) << pushed.status();
    pool_.Apply(pushed->records);
    return pushed->address.state;
  }

  const base::Attachment attachment_{"net", "c1", "eth0"};
  Pool pool_{Policy{}};
  absl::Time now_ = kStart + absl::Minutes(1);
};

TEST_F(ByHandTest, APoppedAddressIsNobodys) {
  Pop(std::nullopt);
  EXPECT_EQ(pool_.Find(kA)->state, State::kPopped);
  EXPECT_EQ(pool_.counts().popped, 1);
  EXPECT_EQ(pool_.counts().total(), 2);
  Lease(kB);
  EXPECT_FALSE(pool_.DecidePop(std::nullopt, now_).ok());
  EXPECT_TRUE(pool_.DecideTick(now_ + absl::Hours(24)).empty());
  EXPECT_TRUE(pool_.DecideRelease(9, kSubnet, now_).second.empty());
  EXPECT_TRUE(pool_.DecideDisown(kStranger).empty());
}

TEST_F(ByHandTest, PushPutsItBack) {
  Pop(kB);
  EXPECT_EQ(Push(kB), State::kWarm);
  EXPECT_EQ(pool_.counts().warm, 2);
}

TEST_F(ByHandTest, WithProbingItIsProbedFirst) {
  pool_.SetPolicy({.probing = true});
  Pop(kB);
  EXPECT_EQ(Push(kB), State::kFresh);
}

TEST_F(ByHandTest, PushWithoutAnAddressTakesTheOneThatWasPoppedFirst) {
  Pop(kB);
  now_ += absl::Seconds(1);
  Pop(kA);
  Push(std::nullopt);
  EXPECT_EQ(pool_.Find(kB)->state, State::kWarm);
  EXPECT_EQ(pool_.Find(kA)->state, State::kPopped);
}

TEST_F(ByHandTest, PoppingDoesNotShortenACooldown) {
  Lease(kA);
  Delete();
  Pop(kA);
  now_ += absl::Seconds(10);
  EXPECT_EQ(Push(kA), State::kCooling);
  EXPECT_EQ(pool_.next_warm(), now_ + absl::Seconds(20));
  Pop(kA);
  now_ += absl::Seconds(20);
  EXPECT_EQ(Push(kA), State::kWarm);
}

TEST_F(ByHandTest, AnAddressOfAPodCanNotBeHad) {
  Lease(kA);
  EXPECT_EQ(pool_.DecidePop(kA, now_).status(),
            absl::FailedPreconditionError("10.0.0.1 is leased to shop/web"));
  EXPECT_EQ(pool_.CouldRelease(kA),
            absl::FailedPreconditionError("10.0.0.1 is leased to shop/web"));
  EXPECT_FALSE(pool_.DecidePush(kA, now_).ok());
  EXPECT_TRUE(pool_.DecideReleaseOf({kA}, kSubnet, now_).second.empty());
}

TEST_F(ByHandTest, WhatIsNotPoppedCanNotBePushed) {
  EXPECT_EQ(pool_.DecidePush(kA, now_).status().message(),
            "10.0.0.1 is warm; only a popped address can be put back");
  EXPECT_EQ(pool_.DecidePush(std::nullopt, now_).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ByHandTest, AnUnknownAddressIsNotFound) {
  EXPECT_EQ(pool_.DecidePop(kStranger, now_).status(),
            absl::NotFoundError("the pool has no address 10.0.0.255"));
  EXPECT_EQ(pool_.DecidePush(kStranger, now_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(pool_.CouldRelease(kStranger).code(), absl::StatusCode::kNotFound);
}

TEST_F(ByHandTest, APoppedAddressCanBeGivenBack) {
  Pop(kA);
  EXPECT_TRUE(pool_.CouldRelease(kA).ok());
  const auto [intent, records] = pool_.DecideReleaseOf({kA}, kSubnet, now_);
  pool_.Apply(records);
  EXPECT_EQ(pool_.Find(kA)->state, State::kReleasing);
  EXPECT_EQ(pool_.DecidePush(kA, now_).status().message(),
            "10.0.0.1 is releasing; only a popped address can be put back");
}

TEST_F(ByHandTest, ARestingAddressIsNotGivenBackAtOnce) {
  Lease(kA);
  Delete();
  EXPECT_EQ(pool_.CouldRelease(kA).message(),
            "10.0.0.1 cools down, for its last pod may have connections; pop "
            "it first");
}

TEST_F(ByHandTest, AnAddressThatOnlyTheVpcKnowsCanBeSetAside) {
  pool_.Apply(pool_.DecideSetAside(kStranger, kSubnet, now_));
  EXPECT_EQ(pool_.Find(kStranger)->state, State::kPopped);
  EXPECT_TRUE(pool_.DecideSetAside(kA, kSubnet, now_).empty());
  EXPECT_EQ(Push(kStranger), State::kWarm);
}

}  // namespace
}  // namespace pool
