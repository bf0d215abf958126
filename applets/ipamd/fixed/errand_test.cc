#include "applets/ipamd/fixed/errand.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace applets::ipamd::fixed {
namespace {

using pool::Reason;
using pool::State;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const base::Mac kMe({0x52, 0x54, 0, 0x7e, 0, 0x11});
const base::Mac kB({0x52, 0x54, 0, 0x7e, 0, 0x12});
const base::Mac kC({0x52, 0x54, 0, 0x7e, 0, 0x13});
const absl::Status kSilence = absl::DeadlineExceededError("no answer");
const pool::Tenant kDb0 = {"shop", "db-0", "uid-1"};

base::Ipv4 Ip(int last) { return base::Ipv4(0x0a7e4000 + last); }

// One ADD of the pod shop/db-0, whose calls the test answers.
class ErrandTest : public testing::Test {
 protected:
  ErrandTest() { Begin(); }

  void Begin() {
    errand_ = std::make_unique<Errand>(
        pool_,
        [this](const pool::Records& records) {
          if (store_.ok()) pool_.Apply(records);
          return store_;
        },
        Place{kMe, "subnet", "vpc", "zone", "255.255.0.0", "10.126.0.1"},
        Visitor{{"cnivpc", "c1", "eth0"},
                {"shop", "db-0", "pod-uid"},
                "db",
                absl::Hours(1)});
    step_ = errand_->Start();
  }

  template <typename T>
  T Expect() {
    const T* step = std::get_if<T>(&step_);
    EXPECT_NE(step, nullptr) << "another step, number " << step_.index();
    return step != nullptr ? *step : T();
  }
  void Read(absl::StatusOr<std::optional<kube::VpcIpClaim>> claim) {
    EXPECT_EQ(Expect<ReadClaim>().key, (kube::ObjectKey{"shop", "db-0"}));
    step_ = errand_->OnRead(claim, kNow);
  }
  void Secured(const absl::Status& status, bool trusted = false) {
    step_ = errand_->OnSecured(status, trusted, kNow);
  }
  kube::VpcIpClaim Patched() {
    kube::VpcIpClaim claim = Expect<PatchClaim>().claim;
    claim.meta.resource_version += "1";
    step_ = errand_->OnPatched(claim, kNow);
    return claim;
  }
  void Refused(Reason reason, absl::StatusCode code) {
    const Refuse refusal = Expect<Refuse>();
    EXPECT_EQ(refusal.reason, reason) << NameOf(refusal.reason);
    EXPECT_EQ(refusal.status.code(), code) << refusal.status;
  }

  static kube::VpcIpClaim Claim(int ip, const base::Mac& mac) {
    kube::VpcIpClaim claim;
    claim.meta.key = {"shop", "db-0"};
    claim.meta.uid = "uid-1";
    claim.meta.resource_version = "1";
    claim.ip = Ip(ip);
    claim.subnet_id = "subnet";
    claim.mac = mac;
    return claim;
  }
  // It is fixed to the pod in this node's pool.
  void HaveFixed(int ip, const pool::Tenant& tenant = kDb0) {
    HaveWarm(ip);
    pool_.Apply(pool_.DecideReserve(Ip(ip), tenant, kNow).value());
  }
  void HaveWarm(int ip) {
    pool_.Apply(pool_.DecideArrived({Ip(ip)}, "subnet", kNow));
  }
  State StateOf(int ip) {
    const pool::Address* row = pool_.Find(Ip(ip));
    return row == nullptr ? State::kReleasing : row->state;
  }

  pool::Pool pool_{pool::Policy()};
  absl::Status store_;
  std::unique_ptr<Errand> errand_;
  Step step_ = Done();
};

// --- the first ADD

TEST_F(ErrandTest, TheFirstAddFixesAWarmAddressAndMakesTheClaim) {
  Read(std::nullopt);
  const pool::Tenant tenant = Expect<WantAddress>().tenant;
  EXPECT_EQ(tenant, (pool::Tenant{"shop", "db-0", ""}));
  HaveFixed(1, tenant);
  step_ = errand_->OnAddress(Ip(1));
  kube::VpcIpClaim claim = Expect<CreateClaim>().claim;
  EXPECT_EQ(claim.ip, Ip(1));
  EXPECT_EQ(claim.subnet_id, "subnet");
  EXPECT_EQ(claim.mac, kMe);
  EXPECT_EQ(claim.keep, absl::Hours(1));
  EXPECT_TRUE(claim.attached);
  EXPECT_EQ(claim.meta.Label(kube::kOwnerStatefulSetLabel), "db");
  EXPECT_EQ(claim.meta.Label(kube::kInterfaceLabel), "5254007e0011");
  EXPECT_EQ(claim.meta.finalizers,
            std::vector<std::string>{kube::kClaimFinalizer});
  claim.meta.uid = "uid-1";
  step_ = errand_->OnCreated(claim, kNow);
  EXPECT_EQ(Expect<Done>().ip, Ip(1));
  EXPECT_EQ(pool_.Find(Ip(1))->tenant->claim_uid, "uid-1");
}

TEST_F(ErrandTest, AClaimThatMayHaveBeenMadeIsMadeByTheNextAdd) {
  HaveFixed(1, {"shop", "db-0", ""});
  Read(std::nullopt);
  EXPECT_EQ(Expect<CreateClaim>().claim.ip, Ip(1));
  step_ = errand_->OnCreated(kSilence, kNow);
  Refused(Reason::kClaimUnavailable, absl::StatusCode::kUnavailable);
  EXPECT_EQ(StateOf(1), State::kFixed);
  Begin();
  Read(Claim(1, kMe));
  EXPECT_EQ(Expect<Obtain>().ip, Ip(1));
}

TEST_F(ErrandTest, AClaimThatTheServerRefusesLeavesTheAddressToOthers) {
  HaveFixed(1, {"shop", "db-0", ""});
  Read(std::nullopt);
  step_ = errand_->OnCreated(absl::NotFoundError("no such resource"), kNow);
  Refused(Reason::kClaimUnavailable, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(StateOf(1), State::kCooling);
}

TEST_F(ErrandTest, AClaimThatAnotherNodeHasMadeMeanwhileCounts) {
  HaveFixed(1, {"shop", "db-0", ""});
  Read(std::nullopt);
  step_ = errand_->OnCreated(absl::AlreadyExistsError(""), kNow);
  Read(Claim(7, kB));
  Expect<PatchClaim>();
  EXPECT_EQ(StateOf(1), State::kCooling);
}

TEST_F(ErrandTest, WithoutAnApiServerThePodIsToldToTryAgain) {
  Read(absl::UnavailableError("down"));
  Refused(Reason::kClaimUnavailable, absl::StatusCode::kUnavailable);
}

TEST_F(ErrandTest, WithoutTheRightsItIsToldForGood) {
  Read(absl::PermissionDeniedError("RBAC"));
  Refused(Reason::kClaimUnavailable, absl::StatusCode::kFailedPrecondition);
}

// --- on the same node again

TEST_F(ErrandTest, OnTheSameNodeItGetsTheAddressThatIsHere) {
  HaveFixed(1);
  Read(Claim(1, kMe));
  EXPECT_EQ(Expect<Obtain>().ip, Ip(1));
  Secured(absl::OkStatus());
  const kube::VpcIpClaim claim = Patched();
  EXPECT_TRUE(claim.attached);
  EXPECT_EQ(claim.sandbox_id, "c1");
  EXPECT_EQ(Expect<Done>().ip, Ip(1));
}

TEST_F(ErrandTest, WithTheVpcDownWhatIsHereIsTrusted) {
  HaveFixed(1);
  Read(Claim(1, kMe));
  Secured(kSilence, /*trusted=*/true);
  Patched();
  Expect<Done>();
  Begin();
  Read(Claim(1, kMe));
  Secured(kSilence, /*trusted=*/false);
  Refused(Reason::kVpcUnavailable, absl::StatusCode::kUnavailable);
  EXPECT_EQ(StateOf(1), State::kFixed);
}

TEST_F(ErrandTest, WhatSomebodyElseHasByNowIsRefusedAndForgotten) {
  HaveFixed(1);
  Read(Claim(1, kMe));
  Secured(absl::AlreadyExistsError("10.126.64.1 is another's"));
  Refused(Reason::kFixedTaken, absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(pool_.Find(Ip(1)), nullptr);
}

TEST_F(ErrandTest, AnAddressThatIsHereUnfixedIsFixed) {
  HaveWarm(1);
  Read(Claim(1, kMe));
  Expect<Obtain>();
  EXPECT_EQ(StateOf(1), State::kFixed);
}

TEST_F(ErrandTest, AnotherPodsAddressIsntTaken) {
  HaveWarm(1);
  pool::Wish wish;
  wish.attachment = {"cnivpc", "other", "eth0"};
  wish.pod = {"shop", "web", "u"};
  pool_.Apply(pool_.DecideAcquire(wish, kNow)->records);
  Read(Claim(1, kMe));
  Refused(Reason::kFixedTaken, absl::StatusCode::kAlreadyExists);
}

TEST_F(ErrandTest, AnEarlierSandboxOfThePodHasToGoFirst) {
  HaveFixed(1);
  pool::Wish wish;
  wish.attachment = {"cnivpc", "earlier", "eth0"};
  wish.pod = {"shop", "db-0", "u"};
  pool_.Apply(pool_.DecideAcquireFixed(wish, Ip(1), kNow)->records);
  Read(Claim(1, kMe));
  Refused(Reason::kFixedBusy, absl::StatusCode::kUnavailable);
}

// --- on another node

TEST_F(ErrandTest, FromAnotherNodeItIsMovedAfterTheClaimSaysSo) {
  Read(Claim(1, kB));
  const std::string moves(
      Expect<PatchClaim>().claim.meta.Annotation(kube::kMovesAnnotation));
  EXPECT_EQ(ParseMoves(moves), (Moves{{kB, kMe, kNow}}));
  EXPECT_EQ(pool_.Find(Ip(1)), nullptr);
  Patched();
  EXPECT_EQ(StateOf(1), State::kArriving);
  EXPECT_EQ(Expect<TakeOver>().from, kB);
  Secured(absl::OkStatus());
  EXPECT_EQ(StateOf(1), State::kFixed);
  const kube::VpcIpClaim claim = Patched();
  EXPECT_EQ(claim.mac, kMe);
  EXPECT_EQ(claim.meta.Label(kube::kInterfaceLabel), "5254007e0011");
  EXPECT_EQ(claim.meta.Annotation(kube::kMovesAnnotation), "");
  EXPECT_EQ(Expect<Done>().ip, Ip(1));
  EXPECT_EQ(errand_->TakeNotes().at(0).reason, Reason::kFixedMoved);
}

TEST_F(ErrandTest, WhatTheCloudHasLostIsAskedForByItsName) {
  Read(Claim(1, kB));
  Patched();
  Secured(absl::NotFoundError("58221"));
  EXPECT_EQ(Expect<Obtain>().ip, Ip(1));
  Secured(absl::OkStatus());
  Patched();
  Expect<Done>();
  EXPECT_EQ(errand_->TakeNotes().at(0).reason, Reason::kReclaimed);
}

TEST_F(ErrandTest, WhatAStrangerHasIsRefusedAndNotTaken) {
  Read(Claim(1, kB));
  Patched();
  Secured(absl::NotFoundError("58221"));
  Secured(absl::AlreadyExistsError("another's"));
  Refused(Reason::kFixedTaken, absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(pool_.Find(Ip(1)), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(ErrandTest, ItIsLookedForWhereAnotherNodeWasAboutToBringIt) {
  kube::VpcIpClaim claim = Claim(1, kB);
  claim.meta.annotations[kube::kMovesAnnotation] =
      FormatMoves({{kB, kC, kNow - absl::Minutes(5)}});
  Read(claim);
  Patched();
  EXPECT_EQ(Expect<TakeOver>().from, kB);
  Secured(absl::NotFoundError("58221"));
  EXPECT_EQ(Expect<TakeOver>().from, kC);
  Secured(absl::OkStatus());
  EXPECT_EQ(Patched().meta.Annotation(kube::kMovesAnnotation), "");
}

TEST_F(ErrandTest, AMoveThatMayNotBeOverStaysInTheClaim) {
  kube::VpcIpClaim claim = Claim(1, kB);
  const Moves theirs = {{kB, kC, kNow - absl::Seconds(20)}};
  claim.meta.annotations[kube::kMovesAnnotation] = FormatMoves(theirs);
  Read(claim);
  Patched();
  Secured(absl::OkStatus());
  EXPECT_EQ(ParseMoves(Patched().meta.Annotation(kube::kMovesAnnotation)),
            theirs);
}

TEST_F(ErrandTest, NobodyBringsItBackWhileALateMoveCouldTakeItAway) {
  kube::VpcIpClaim claim = Claim(1, kB);
  claim.meta.annotations[kube::kMovesAnnotation] =
      FormatMoves({{kMe, kC, kNow - absl::Seconds(20)}});
  Read(claim);
  Refused(Reason::kFixedBusy, absl::StatusCode::kUnavailable);
}

TEST_F(ErrandTest, AMoveWithoutAnAnswerIsTakenUpByTheNextAdd) {
  Read(Claim(1, kB));
  kube::VpcIpClaim marked = Patched();
  Secured(kSilence);
  Refused(Reason::kVpcUnavailable, absl::StatusCode::kUnavailable);
  EXPECT_EQ(StateOf(1), State::kArriving);
  Begin();
  Read(marked);
  Patched();
  EXPECT_EQ(Expect<TakeOver>().from, kB);
  Secured(absl::OkStatus());
  // The first attempt may yet take place, if it goes back there.
  EXPECT_EQ(ParseMoves(Patched().meta.Annotation(kube::kMovesAnnotation)),
            (Moves{{kB, kMe, kNow}}));
  Expect<Done>();
}

TEST_F(ErrandTest, AMoveThatCertainlyWasntMadeLeavesNothing) {
  Read(Claim(1, kB));
  Patched();
  Secured(absl::AbortedError("the circuit is open"));
  Refused(Reason::kVpcUnavailable, absl::StatusCode::kUnavailable);
  EXPECT_EQ(pool_.Find(Ip(1)), nullptr);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(ErrandTest, AConflictBeginsAgainButNotForEver) {
  for (int i = 0; i < Errand::kMaxReads; ++i) {
    Read(Claim(1, kB));
    step_ = errand_->OnPatched(absl::AbortedError("409"), kNow);
  }
  Refused(Reason::kFixedBusy, absl::StatusCode::kUnavailable);
}

TEST_F(ErrandTest, WithoutTheLastPatchNothingIsLeased) {
  HaveFixed(1);
  Read(Claim(1, kMe));
  Secured(absl::OkStatus());
  step_ = errand_->OnPatched(kSilence, kNow);
  Refused(Reason::kClaimUnavailable, absl::StatusCode::kUnavailable);
  EXPECT_EQ(StateOf(1), State::kFixed);
}

TEST_F(ErrandTest, AClaimThatIsBeingDeletedIsWaitedFor) {
  kube::VpcIpClaim claim = Claim(1, kMe);
  claim.meta.deletion = kNow;
  Read(claim);
  Refused(Reason::kFixedBusy, absl::StatusCode::kUnavailable);
}

TEST_F(ErrandTest, AnotherSubnetsAddressCantComeHere) {
  kube::VpcIpClaim claim = Claim(1, kB);
  claim.subnet_id = "another";
  Read(claim);
  Refused(Reason::kFixedElsewhere, absl::StatusCode::kFailedPrecondition);
}

TEST_F(ErrandTest, WhenNothingCanBeStoredNothingIsAskedOfTheVpc) {
  Read(Claim(1, kB));
  store_ = absl::InternalError("disk full");
  Patched();
  Refused(Reason::kStoreFailed, absl::StatusCode::kInternal);
}

TEST_F(ErrandTest, AClaimThatWentMeanwhileLeavesItsAddressToTheVpc) {
  HaveFixed(1);
  Read(Claim(1, kMe));
  Secured(absl::OkStatus());
  step_ = errand_->OnPatched(absl::NotFoundError(""), kNow);
  Read(std::nullopt);
  Expect<WantAddress>();
  EXPECT_EQ(StateOf(1), State::kReleasing);
}

}  // namespace
}  // namespace applets::ipamd::fixed
