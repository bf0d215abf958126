#include "applets/ipamd/fixed/registrar.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd::fixed {
namespace {

using testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
const base::Mac kA({0x52, 0x54, 0, 0x7e, 0, 0x11});
const base::Mac kB({0x52, 0x54, 0, 0x7e, 0, 0x12});
const kube::ObjectKey kKey = {"shop", "db-1"};

kube::VpcIpClaim Claim() {
  kube::VpcIpClaim claim;
  claim.meta.key = kKey;
  claim.meta.uid = "uid-1";
  claim.meta.resource_version = "7";
  claim.meta.finalizers = {kube::kClaimFinalizer};
  claim.meta.labels = {{kube::kOwnerStatefulSetLabel, "db"},
                       {kube::kInterfaceLabel, kube::LabelOf(kA)}};
  claim.attached = true;
  claim.mac = kA;
  claim.keep = absl::Minutes(10);
  return claim;
}

class RegistrarTest : public testing::Test {
 protected:
  void Tell(std::optional<kube::VpcIpClaim> claim) {
    registrar_.OnClaims({{kKey, std::move(claim)}}, true);
  }
  void Replicas(int64_t count, int64_t first = 0) {
    kube::StatefulSet set;
    set.meta.key = {"shop", "db"};
    set.replicas = count;
    set.first_ordinal = first;
    registrar_.OnSets({{set.meta.key, set}}, true);
  }
  void NoSet() { registrar_.OnSets({{{"shop", "db"}, std::nullopt}}, true); }

  template <typename T>
  T Expect() {
    const auto call = registrar_.Next(now_);
    EXPECT_TRUE(call.has_value());
    if (!call) return T();
    EXPECT_TRUE(std::holds_alternative<T>(*call)) << call->index();
    return std::holds_alternative<T>(*call) ? std::get<T>(*call) : T();
  }
  void PodIsGone() {
    EXPECT_EQ(Expect<Registrar::ReadPod>().key, kKey);
    registrar_.OnPod(kKey, std::nullopt, now_);
  }
  void PodIsThere() {
    EXPECT_EQ(Expect<Registrar::ReadPod>().key, kKey);
    kube::Pod pod;
    pod.phase = kube::Pod::Phase::kRunning;
    registrar_.OnPod(kKey, pod, now_);
  }
  bool IsIdle() { return !registrar_.Next(now_).has_value(); }

  absl::Time now_ = kStart;
  Registrar registrar_;
};

TEST_F(RegistrarTest, APodThatItsSetWantsKeepsItsClaim) {
  Tell(Claim());
  Replicas(2);
  now_ += absl::Hours(100);
  EXPECT_TRUE(IsIdle());
}

TEST_F(RegistrarTest, BeforeAllHasBeenToldNothingIsDecided) {
  registrar_.OnClaims({{kKey, Claim()}}, true);
  EXPECT_TRUE(IsIdle());
  registrar_.OnSets({}, false);
  EXPECT_TRUE(IsIdle());
}

TEST_F(RegistrarTest, ScaledDownTheClaimIsDetachedWhenThePodIsGone) {
  Tell(Claim());
  Replicas(1);
  PodIsThere();
  EXPECT_TRUE(IsIdle());
  now_ = registrar_.deadline();
  PodIsGone();
  const kube::VpcIpClaim patched = Expect<Registrar::PatchClaim>().claim;
  EXPECT_FALSE(patched.attached);
  EXPECT_EQ(patched.last_detached, now_);
  EXPECT_EQ(patched.meta.Label(kube::kAttachedLabel), "false");
  EXPECT_EQ(patched.meta.resource_version, "7");
}

TEST_F(RegistrarTest, ADeletedSetDetachesItsClaims) {
  Tell(Claim());
  Replicas(2);
  EXPECT_TRUE(IsIdle());
  NoSet();
  PodIsGone();
  Expect<Registrar::PatchClaim>();
}

TEST_F(RegistrarTest, DetachedItIsDeletedWhenItsTimeIsOver) {
  kube::VpcIpClaim claim = Claim();
  claim.attached = false;
  claim.last_detached = now_;
  Tell(claim);
  NoSet();
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(registrar_.deadline(), kStart + absl::Minutes(10));
  now_ = registrar_.deadline();
  PodIsGone();
  const auto call = Expect<Registrar::DeleteClaim>();
  EXPECT_EQ(call.uid, "uid-1");
  EXPECT_EQ(call.resource_version, "7");
}

TEST_F(RegistrarTest, NeverIsNever) {
  kube::VpcIpClaim claim = Claim();
  claim.attached = false;
  claim.last_detached = now_;
  claim.keep = std::nullopt;
  Tell(claim);
  NoSet();
  now_ += absl::Hours(24 * 365);
  EXPECT_TRUE(IsIdle());
}

TEST_F(RegistrarTest, ScaledUpAgainItIsKept) {
  kube::VpcIpClaim claim = Claim();
  claim.attached = false;
  claim.last_detached = now_;
  Tell(claim);
  Replicas(2);
  now_ += absl::Hours(1);
  EXPECT_TRUE(IsIdle());
}

TEST_F(RegistrarTest, SetsMayBeginAtAnyOrdinal) {
  Tell(Claim());
  Replicas(3, 1);
  EXPECT_TRUE(IsIdle());
  Replicas(3, 2);
  PodIsGone();
}

TEST_F(RegistrarTest, ItsNodeHasTheFirstTurnToGiveItBack) {
  kube::VpcIpClaim claim = Claim();
  claim.meta.deletion = now_;
  claim.meta.annotations[kube::kMovesAnnotation] =
      "52:54:00:7e:00:11>52:54:00:7e:00:12@2026-11-26T06:43:27Z";
  Tell(claim);
  NoSet();
  EXPECT_TRUE(IsIdle());
  now_ = registrar_.deadline();
  EXPECT_EQ(now_, kStart + Registrar::kNodesTurn);
  PodIsThere();
  EXPECT_TRUE(IsIdle());
  now_ = registrar_.deadline();
  PodIsGone();
  EXPECT_THAT(Expect<Registrar::Clear>().holders, ElementsAre(kA, kB));
  registrar_.OnDone(kKey, absl::OkStatus(), now_);
  Tell(std::nullopt);
  EXPECT_TRUE(IsIdle());
  EXPECT_EQ(registrar_.deadline(), absl::InfiniteFuture());
}

TEST_F(RegistrarTest, AClaimOfUk8sIsLabelledForItsNode) {
  kube::VpcIpClaim claim = Claim();
  claim.meta.labels.erase(kube::kInterfaceLabel);
  Tell(claim);
  Replicas(2);
  EXPECT_EQ(
      Expect<Registrar::PatchClaim>().claim.meta.Label(kube::kInterfaceLabel),
      "5254007e0011");
}

TEST_F(RegistrarTest, WhatFailedIsTriedAgainLater) {
  Tell(Claim());
  NoSet();
  PodIsGone();
  Expect<Registrar::PatchClaim>();
  registrar_.OnDone(kKey, absl::AbortedError("409"), now_);
  EXPECT_TRUE(IsIdle());
  now_ = registrar_.deadline();
  PodIsGone();
  Expect<Registrar::PatchClaim>();
}

TEST(SetMemberTest, IsReadFromThePodsName) {
  EXPECT_EQ(SetMemberOf("web-0"), (SetMember{"web", 0}));
  EXPECT_EQ(SetMemberOf("a-b-12"), (SetMember{"a-b", 12}));
  for (const char* name :
       {"web", "web-", "-1", "web-01", "web-1a", "web-99999999999999999999"}) {
    EXPECT_EQ(SetMemberOf(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace applets::ipamd::fixed
