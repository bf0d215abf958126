#include "applets/upgrade/page/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace applets::upgrade::page {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

absl::Time At(int second) { return absl::FromUnixSeconds(1000 + second); }

class DecideTest : public testing::Test {
 protected:
  void On() {
    board_.SwitchOn(At(0));
    for (const size_t node : board_.TakeToAsk(9)) {
      Finding finding{.reached = true, .upgradable = true};
      finding.installed = {Artifact::Presence::kFile, "aa", "0.1.0"};
      if (node == 0) {
        finding.previous = {Artifact::Presence::kFile, "zz", "0.0.9"};
      }
      board_.Hear(node, finding, At(1));
    }
  }
  void Run(FleetPhase phase, Upgrader upgrader) {
    Fleet fleet{.wanted = "bb", .phase = phase};
    fleet.nodes.push_back({.name = "a", .state = NodeState::kUpgrading});
    board_.Show(fleet, upgrader);
  }
  static std::string Why(const absl::Status& status) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    return std::string(status.message());
  }

  Board board_{{.version = "0.2.0", .sha256 = "bb"}, {"a", "b"}};
};

constexpr Begin::Kind kReturn = Begin::Kind::kReturn;

TEST_F(DecideTest, ARunBeginsWhenTheServiceIsOn) {
  EXPECT_THAT(Why(MayBegin(board_, {.nodes = {"a"}})), HasSubstr("off"));
  board_.SwitchOn(At(0));
  EXPECT_THAT(Why(MayBegin(board_, {.nodes = {"a"}})), HasSubstr("asked"));
  On();
  EXPECT_TRUE(MayBegin(board_, {.nodes = {"a", "b"}}).ok());
  EXPECT_TRUE(absl::IsNotFound(MayBegin(board_, {.nodes = {"a", "x"}})));
}

TEST_F(DecideTest, ARunBeginsWhenTheLastIsOver) {
  On();
  Run(FleetPhase::kRunning, Upgrader::kNobody);
  EXPECT_THAT(Why(MayBegin(board_, {.nodes = {"a"}})), HasSubstr("another"));
  Run(FleetPhase::kDone, Upgrader::kNobody);
  EXPECT_TRUE(MayBegin(board_, {.nodes = {"a"}}).ok());
}

TEST_F(DecideTest, OnlyANodeWithAPreviousVersionGoesBack) {
  On();
  EXPECT_TRUE(MayBegin(board_, {.kind = kReturn, .nodes = {"a"}}).ok());
  EXPECT_TRUE(MayBegin(board_, {.kind = kReturn, .nodes = {"b", "a"}}).ok());
  EXPECT_THAT(Why(MayBegin(board_, {.kind = kReturn, .nodes = {"b"}})),
              HasSubstr("b has no previous version"));
}

TEST_F(DecideTest, WhatGoesBackIsARunOfTheEngine) {
  On();
  Begin order{.kind = kReturn, .nodes = {"b", "a"}};
  order.batch_size = {50, true};
  Fleet fleet = TakeBack(board_, order, {.through = "ssh {}"}, At(5));
  ASSERT_THAT(fleet.nodes, SizeIs(1));
  EXPECT_EQ(fleet.nodes[0].name, "a");
  EXPECT_EQ(fleet.means.through, "ssh {}");
  EXPECT_EQ(ToJson(*ParseFleet(ToJson(fleet))), ToJson(fleet));
  const auto tasks = Proceed(fleet, At(6));
  ASSERT_THAT(tasks, SizeIs(1));
  EXPECT_EQ(tasks[0].kind, FleetTask::Kind::kReturn);
  Hear(fleet, tasks[0], {}, At(7));
  Proceed(fleet, At(8));
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
}

TEST_F(DecideTest, TheServiceStaysWhileARunIsAtWork) {
  On();
  EXPECT_TRUE(MaySwitch(board_, {.on = false}).ok());
  Run(FleetPhase::kRunning, Upgrader::kHere);
  EXPECT_THAT(Why(MaySwitch(board_, {.on = false})), HasSubstr("pause"));
  EXPECT_THAT(Why(MaySwitch(board_, {.on = true})), HasSubstr("again"));
}

TEST_F(DecideTest, ARunIsSteeredByWhoCarriesIt) {
  using What = Steer::What;
  const auto may = [&](What what) { return MaySteer(board_, {what}); };
  EXPECT_TRUE(absl::IsNotFound(may(What::kPause)));
  Run(FleetPhase::kRunning, Upgrader::kHere);
  EXPECT_TRUE(may(What::kPause).ok());
  EXPECT_TRUE(may(What::kAbort).ok());
  EXPECT_TRUE(may(What::kReturn).ok());
  EXPECT_THAT(Why(may(What::kResume)), HasSubstr("at work"));
  Run(FleetPhase::kRunning, Upgrader::kNobody);
  EXPECT_TRUE(may(What::kResume).ok());
  EXPECT_THAT(Why(may(What::kPause)), HasSubstr("nobody"));
  Run(FleetPhase::kRunning, Upgrader::kElsewhere);
  EXPECT_THAT(Why(may(What::kAbort)), HasSubstr("another upgrader"));
  Run(FleetPhase::kDone, Upgrader::kNobody);
  EXPECT_THAT(Why(may(What::kResume)), HasSubstr("over"));
  EXPECT_TRUE(may(What::kReturn).ok());
}

TEST_F(DecideTest, TheRunOnRecordGoesOnAsItIsSteered) {
  Fleet left{.wanted = "bb", .paused = true};
  EXPECT_EQ(GoOn(left, {Steer::What::kResume})->phase, FleetPhase::kRunning);
  EXPECT_FALSE(GoOn(left, {Steer::What::kResume})->paused);
  EXPECT_EQ(GoOn(left, {Steer::What::kAbort})->phase, FleetPhase::kStopping);
  EXPECT_FALSE(GoOn(left, {Steer::What::kAbort})->returns);
  EXPECT_TRUE(GoOn(left, {Steer::What::kReturn})->returns);
  EXPECT_TRUE(
      absl::IsNotFound(GoOn(std::nullopt, {Steer::What::kResume}).status()));
  EXPECT_FALSE(CheckOver(left).ok());
  left.phase = FleetPhase::kDone;
  EXPECT_TRUE(CheckOver(left).ok());
  EXPECT_TRUE(CheckOver(std::nullopt).ok());
}

}  // namespace
}  // namespace applets::upgrade::page
