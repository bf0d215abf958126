#include "applets/upgrade/kube_hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/kube_lab.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

constexpr char kPath[] =
    "/apis/vpc.uk8s.ucloud.cn/v1beta1/namespaces/kube-system/cniupgrades/"
    "cnivpc";

// Nothing is waited for but what a test waits for.
constexpr Hold::Times kTimes = {.renew_every = absl::ZeroDuration(),
                                .lasts = absl::Milliseconds(50),
                                .patience = absl::ZeroDuration(),
                                .pause = absl::Milliseconds(1)};

bool Never() { return false; }

Fleet Some(const std::string& id) {
  Fleet fleet{.id = id, .wanted = "bb"};
  fleet.started = absl::FromUnixSeconds(1700000000);
  fleet.settled = absl::InfiniteFuture();
  fleet.nodes.push_back({.name = "a",
                         .changed = fleet.started,
                         .not_before = absl::InfinitePast()});
  return fleet;
}

class KubeHoldTest : public testing::Test {
 protected:
  ClusterRecord Recorded() {
    return *DecodeRecord(*base::Json::Parse(lab_.Get(kPath)));
  }

  KubeLab lab_;
  kube::Client api_{
      lab_.config(),
      {.max_attempts = 1, .first_backoff = absl::Milliseconds(1)}};
};

TEST_F(KubeHoldTest, TheFirstOneMakesTheRecordAndGivesItBackAtItsEnd) {
  {
    Hold hold(api_, "me", kTimes);
    const auto left = hold.Take(Never);
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_FALSE(*left);
    EXPECT_EQ(Recorded().holder, "me");
    ASSERT_TRUE(hold.Save(Some("x")).ok());
  }
  EXPECT_EQ(Recorded().holder, "");
  EXPECT_EQ(Recorded().fleet, Some("x"));
}

TEST_F(KubeHoldTest, TheNextOneGoesOnWithWhatIsOnRecord) {
  lab_.Put(kPath, EncodeRecord({.fleet = Some("x")}));
  Hold hold(api_, "me", kTimes);
  const auto left = hold.Take(Never);
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_EQ(*left, Some("x"));
}

TEST_F(KubeHoldTest, OneThatDoesntRenewItsHoldIsDeadAndLosesIt) {
  lab_.Put(kPath, EncodeRecord(
                      {.holder = "dead", .renewed = "t", .fleet = Some("x")}));
  Hold hold(api_, "me", kTimes);
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(hold.Take(Never).ok());
  EXPECT_GE(absl::Now() - begin, kTimes.lasts);
  EXPECT_EQ(Recorded().holder, "me");
}

TEST_F(KubeHoldTest, OneThatLivesKeepsItAndIsNamed) {
  Hold living(api_, "living", kTimes);
  ASSERT_TRUE(living.Take(Never).ok());
  Fleet fleet = Some("x");
  Hold hold(api_, "me", kTimes);
  const auto left =
      hold.Take([&] { return !living.Beat(fleet).ok(); });  // between looks
  EXPECT_TRUE(absl::IsUnavailable(left.status())) << left.status();
  EXPECT_THAT(std::string(left.status().message()), HasSubstr("living"));
}

TEST_F(KubeHoldTest, OneThatHasLostItRecordsNothingMore) {
  Hold hold(api_, "me", kTimes);
  ASSERT_TRUE(hold.Take(Never).ok());
  lab_.Put(kPath, EncodeRecord(
                      {.holder = "other", .renewed = "t", .fleet = Some("y")}));
  EXPECT_TRUE(absl::IsAborted(hold.Save(Some("x"))));
  Fleet fleet = Some("x");
  EXPECT_TRUE(absl::IsAborted(hold.Beat(fleet)));
  EXPECT_EQ(Recorded().fleet, Some("y"));
  EXPECT_EQ(Recorded().holder, "other");
}

TEST_F(KubeHoldTest, AWishIsGrantedAndRecordedAtTheNextBeat) {
  Hold hold(api_, "me", kTimes);
  ASSERT_TRUE(hold.Take(Never).ok());
  Fleet fleet = Some("x");
  ASSERT_TRUE(hold.Save(fleet).ok());
  Hold another(api_, "another", kTimes);
  ASSERT_TRUE(another.Send(Wish::kAbort).ok());
  ASSERT_TRUE(hold.Save(fleet).ok());
  EXPECT_EQ(Recorded().wish, Wish::kAbort) << "a record loses no wish";
  ASSERT_TRUE(hold.Beat(fleet).ok());
  EXPECT_EQ(fleet.phase, FleetPhase::kStopping);
  EXPECT_EQ(Recorded().wish, Wish::kNone);
  EXPECT_EQ(Recorded().fleet->phase, FleetPhase::kStopping);
}

TEST_F(KubeHoldTest, HowFarItIsCanBeSeenBetweenTwoRecords) {
  Hold hold(api_, "me", kTimes);
  ASSERT_TRUE(hold.Take(Never).ok());
  Fleet fleet = Some("x");
  ASSERT_TRUE(hold.Save(fleet).ok());
  fleet.nodes[0].state = NodeState::kUpgraded;
  ASSERT_TRUE(hold.Beat(fleet).ok());
  EXPECT_EQ(Recorded().fleet->nodes[0].state, NodeState::kUpgraded);
}

TEST_F(KubeHoldTest, AnApiServerThatFailsIsNoReasonToEndButNothingIsRecorded) {
  Hold hold(api_, "me", kTimes);
  ASSERT_TRUE(hold.Take(Never).ok());
  lab_.Fail(500);
  Fleet fleet = Some("x");
  EXPECT_TRUE(hold.Beat(fleet).ok());
  EXPECT_FALSE(hold.Save(fleet).ok());
  lab_.Fail(0);
  EXPECT_TRUE(hold.Save(fleet).ok());
}

TEST_F(KubeHoldTest, AClusterThatLacksTheResourceIsToldWhereItIs) {
  lab_.Fail(404);
  Hold hold(api_, "me", kTimes);
  EXPECT_THAT(std::string(hold.Take(Never).status().message()),
              HasSubstr("crds.yaml"));
}

TEST_F(KubeHoldTest, ARunThatIsTooLargeIsSaidSo) {
  Hold hold(api_, "me", kTimes);
  ASSERT_TRUE(hold.Take(Never).ok());
  Fleet fleet = Some("x");
  fleet.reason = std::string(kMaxRecordBytes, 'x');
  EXPECT_THAT(std::string(hold.Save(fleet).message()), HasSubstr("too large"));
}

TEST_F(KubeHoldTest, WhoIsInterruptedTakesNothing) {
  Hold hold(api_, "me", kTimes);
  EXPECT_TRUE(absl::IsCancelled(hold.Take([] { return true; }).status()));
  EXPECT_EQ(lab_.Get(kPath), "");
}

TEST(GrantTest, OnlyARunThatRunsIsPaused) {
  Fleet fleet = Some("x");
  Grant(Wish::kPause, fleet);
  EXPECT_TRUE(fleet.paused);
  Grant(Wish::kResume, fleet);
  EXPECT_FALSE(fleet.paused);
  fleet.phase = FleetPhase::kDone;
  Grant(Wish::kPause, fleet);
  EXPECT_FALSE(fleet.paused);
  Grant(Wish::kAbort, fleet);
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  Grant(Wish::kRollback, fleet);
  EXPECT_EQ(fleet.phase, FleetPhase::kStopping);
}

}  // namespace
}  // namespace applets::upgrade
