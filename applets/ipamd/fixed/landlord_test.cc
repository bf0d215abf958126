#include "applets/ipamd/fixed/landlord.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace applets::ipamd::fixed {
namespace {

using pool::Reason;
using pool::State;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
const kube::ObjectKey kKey = {"shop", "db-0"};
const pool::Tenant kDb0 = {"shop", "db-0", "uid-1"};
const base::Ipv4 kIp(0x0a7e4001);

class LandlordTest : public testing::Test {
 protected:
  LandlordTest()
      : landlord_(
            pool_,
            [this](const pool::Records& records) {
              pool_.Apply(records);
              return absl::OkStatus();
            },
            [this](const kube::ObjectKey& key) {
              return busy_.contains(key);
            }) {}

  void HaveFixed(const pool::Tenant& tenant = kDb0) {
    pool_.Apply(pool_.DecideArrived({kIp}, "subnet", now_));
    pool_.Apply(pool_.DecideReserve(kIp, tenant, now_).value());
  }
  static kube::VpcIpClaim Claim() {
    kube::VpcIpClaim claim;
    claim.meta.key = kKey;
    claim.meta.uid = "uid-1";
    claim.meta.finalizers = {kube::kClaimFinalizer};
    claim.ip = kIp;
    return claim;
  }
  static kube::VpcIpClaim Deleted() {
    kube::VpcIpClaim claim = Claim();
    claim.meta.deletion = kStart;
    return claim;
  }
  void Tell(std::optional<kube::VpcIpClaim> claim) {
    landlord_.OnClaims({{kKey, std::move(claim)}}, true);
  }
  template <typename T>
  bool Calls() {
    const auto call = landlord_.Next(now_);
    return call && std::holds_alternative<T>(*call);
  }
  bool IsIdle() { return !landlord_.Next(now_).has_value(); }
  bool Has(State state) {
    const pool::Address* row = pool_.Find(kIp);
    return row != nullptr && row->state == state;
  }
  void Released() {
    const int64_t id = pool_.intents().begin()->first;
    pool_.Apply(pool_.DecideReleased(id, kIp));
  }

  absl::Time now_ = kStart;
  pool::Pool pool_{pool::Policy()};
  std::set<kube::ObjectKey> busy_;
  Landlord landlord_;
};

TEST_F(LandlordTest, WhatIsClaimedIsKept) {
  HaveFixed();
  Tell(Claim());
  now_ += absl::Hours(100);
  EXPECT_TRUE(IsIdle());
  EXPECT_TRUE(Has(State::kFixed));
  EXPECT_EQ(landlord_.deadline(), absl::InfiniteFuture());
}

TEST_F(LandlordTest, ADeletedClaimGoesWhenItsAddressIsBackInTheVpc) {
  HaveFixed();
  Tell(Deleted());
  EXPECT_TRUE(IsIdle());
  EXPECT_TRUE(Has(State::kReleasing));
  EXPECT_TRUE(landlord_.TakeChanged());
  EXPECT_EQ(landlord_.TakeNotes().at(0).reason, Reason::kFixedReleased);
  EXPECT_TRUE(IsIdle());
  Released();
  EXPECT_TRUE(Calls<Landlord::Unfinalize>());
  landlord_.OnFreed(kKey, absl::UnavailableError("down"), now_);
  EXPECT_TRUE(IsIdle());
  now_ = landlord_.deadline();
  EXPECT_TRUE(Calls<Landlord::Unfinalize>());
  landlord_.OnFreed(kKey, absl::OkStatus(), now_);
  EXPECT_TRUE(IsIdle());
}

TEST_F(LandlordTest, ADeletedClaimWaitsForItsPod) {
  HaveFixed();
  pool::Wish wish;
  wish.attachment = {"cnivpc", "c", "eth0"};
  wish.pod = {"shop", "db-0", "u"};
  pool_.Apply(pool_.DecideAcquireFixed(wish, kIp, now_)->records);
  Tell(Deleted());
  now_ += absl::Hours(1);
  EXPECT_TRUE(IsIdle());
  EXPECT_TRUE(Has(State::kLeased));
  pool_.Apply(pool_.DecideAbandon(wish.attachment));
  pool_.Apply(pool_.DecideDetached(wish.attachment, now_));
  EXPECT_TRUE(IsIdle());
  EXPECT_TRUE(Has(State::kReleasing));
}

TEST_F(LandlordTest, AClaimThatVanishedIsLookedUpAndItsAddressGivenBack) {
  HaveFixed();
  Tell(Claim());
  Tell(std::nullopt);
  EXPECT_TRUE(IsIdle());
  now_ = landlord_.deadline();
  EXPECT_EQ(now_, kStart + Landlord::kFirstLook);
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, std::nullopt, now_);
  EXPECT_TRUE(Has(State::kReleasing));
}

TEST_F(LandlordTest, AClaimOfALaterPodOfThatNameDoesntCount) {
  HaveFixed();
  kube::VpcIpClaim later = Claim();
  later.meta.uid = "uid-2";
  Tell(later);
  now_ += Landlord::kFirstLook;
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, later, now_);
  EXPECT_TRUE(Has(State::kReleasing));
}

TEST_F(LandlordTest, WhatIsClaimedOnAnotherNodeIsntGivenBackFromHere) {
  HaveFixed();
  landlord_.OnClaims({}, true);
  now_ += Landlord::kFirstLook;
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, Claim(), now_);
  EXPECT_TRUE(Has(State::kFixed));
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(landlord_.deadline(), now_ + Landlord::kLook);
}

TEST_F(LandlordTest, WithoutAnApiServerNothingIsGivenBack) {
  HaveFixed();
  now_ += absl::Hours(1);
  EXPECT_TRUE(IsIdle());
  landlord_.OnClaims({}, true);
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, absl::UnavailableError("down"), now_);
  EXPECT_TRUE(Has(State::kFixed));
}

TEST_F(LandlordTest, AnAddressWhoseClaimWasNeverMadeIsAnyPodsAgain) {
  HaveFixed({"shop", "db-0", ""});
  landlord_.OnClaims({}, true);
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(landlord_.deadline(), kStart + Landlord::kUnmade);
  now_ = landlord_.deadline();
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, std::nullopt, now_);
  EXPECT_TRUE(Has(State::kCooling));
}

TEST_F(LandlordTest, OrItsClaimWasMadeAfterAll) {
  HaveFixed({"shop", "db-0", ""});
  landlord_.OnClaims({}, true);
  now_ += Landlord::kUnmade;
  EXPECT_TRUE(Calls<Landlord::ReadClaim>());
  landlord_.OnRead(kKey, Claim(), now_);
  EXPECT_EQ(pool_.Find(kIp)->tenant, kDb0);
}

TEST_F(LandlordTest, AMoveThatCantEndAnyMoreIsClosed) {
  pool_.Apply(pool_.DecideTake(kIp, kDb0, "subnet", now_)->second);
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(landlord_.deadline(), kStart + kAftermath);
  now_ = landlord_.deadline();
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(pool_.Find(kIp), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(LandlordTest, WhatAnAddIsAboutIsLeftAlone) {
  HaveFixed();
  busy_.insert(kKey);
  Tell(Deleted());
  now_ += absl::Hours(1);
  EXPECT_TRUE(IsIdle());
  EXPECT_TRUE(Has(State::kFixed));
}

}  // namespace
}  // namespace applets::ipamd::fixed
