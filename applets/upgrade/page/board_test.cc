#include "applets/upgrade/page/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace applets::upgrade::page {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time At(int second) { return absl::FromUnixSeconds(1000 + second); }

Finding Has(const std::string& sum, const std::string& version) {
  Finding finding{.reached = true, .upgradable = true};
  finding.installed = {Artifact::Presence::kFile, sum, version};
  finding.previous = {Artifact::Presence::kFile, "zz", "0.0.9"};
  finding.address = "10.0.0.5";
  return finding;
}
Finding Old() { return Has("aa", "0.1.0"); }
Finding New() { return Has("bb", "0.2.0"); }

class BoardTest : public testing::Test {
 protected:
  // Answers come at once.
  void Answer(const Finding& finding, int second) {
    for (const size_t node : board_.TakeToAsk(99)) {
      board_.Hear(node, finding, At(second));
    }
  }
  void On(const Finding& finding = Old()) {
    board_.SwitchOn(At(0));
    Answer(finding, 1);
  }
  Fleet FleetOf(NodeState a, NodeState b,
                FleetPhase phase = FleetPhase::kRunning) {
    Fleet fleet{.wanted = "bb", .phase = phase, .started = At(10)};
    fleet.nodes.push_back({.name = "a",
                           .state = a,
                           .batch = 0,
                           .before = "aa",
                           .text = "said a",
                           .changed = At(11)});
    fleet.nodes.push_back({.name = "b", .state = b, .changed = At(10)});
    return fleet;
  }
  void Show(NodeState a, NodeState b) {
    board_.Show(FleetOf(a, b), Upgrader::kHere);
  }
  void End(NodeState a, NodeState b, FleetPhase phase) {
    board_.Show(FleetOf(a, b, phase), Upgrader::kNobody);
  }
  const Row& A() { return board_.rows().at(0); }
  const Row& B() { return board_.rows().at(1); }

  Board board_{{.version = "0.2.0", .sha256 = "bb"}, {"a", "b"}};
};

TEST_F(BoardTest, AServiceThatIsOffShowsNothing) {
  EXPECT_EQ(board_.service(), Service::kOff);
  EXPECT_THAT(board_.rows(), IsEmpty());
  EXPECT_THAT(board_.TakeToAsk(99), IsEmpty());
  EXPECT_FALSE(board_.idle());
}

TEST_F(BoardTest, SwitchedOnItAsksEveryNode) {
  board_.SwitchOn(At(0));
  EXPECT_EQ(board_.service(), Service::kAsking);
  EXPECT_EQ(A().state, RowState::kUnknown);
  EXPECT_THAT(board_.TakeToAsk(1), ElementsAre(0));
  EXPECT_THAT(board_.TakeToAsk(9), ElementsAre(1));
  EXPECT_THAT(board_.TakeToAsk(9), IsEmpty());
  board_.Hear(0, Old(), At(1));
  EXPECT_EQ(board_.asked(), 1);
  EXPECT_EQ(A().state, RowState::kOutdated);
  EXPECT_FALSE(A().can_upgrade);
  board_.Hear(1, New(), At(2));
  EXPECT_EQ(board_.service(), Service::kOn);
  EXPECT_TRUE(board_.idle());
  EXPECT_TRUE(A().can_upgrade);
  EXPECT_EQ(B().state, RowState::kCurrent);
  EXPECT_FALSE(B().can_upgrade);
}

TEST_F(BoardTest, AskedAgainItShowsWhatItKnewUntilThen) {
  On();
  board_.SwitchOn(At(5));
  EXPECT_EQ(board_.asked(), 0);
  EXPECT_EQ(A().state, RowState::kOutdated);
  EXPECT_FALSE(A().can_upgrade);
  Answer(New(), 6);
  EXPECT_EQ(board_.service(), Service::kOn);
  EXPECT_EQ(A().state, RowState::kCurrent);
}

TEST_F(BoardTest, AnAnswerAfterItWasSwitchedOffIsIgnored) {
  board_.SwitchOn(At(0));
  ASSERT_THAT(board_.TakeToAsk(1), SizeIs(1));
  board_.SwitchOff(At(1));
  board_.Hear(0, Old(), At(2));
  EXPECT_THAT(board_.rows(), IsEmpty());
  board_.SwitchOn(At(3));
  EXPECT_EQ(A().state, RowState::kUnknown);
}

TEST_F(BoardTest, ANodeIsWhatItHas) {
  board_.SwitchOn(At(0));
  const auto state = [&](const Finding& finding) {
    Seen seen{.name = "a", .finding = finding, .found = At(1)};
    return RowOf(seen, board_.offer(), true).state;
  };
  EXPECT_EQ(state(Old()), RowState::kOutdated);
  EXPECT_EQ(state(New()), RowState::kCurrent);
  EXPECT_EQ(state({.problem = "no route"}), RowState::kUnreachable);
  Finding finding = Old();
  finding.problem = "is cut short";
  EXPECT_EQ(state(finding), RowState::kUnreadable);
  finding = Old();
  finding.upgradable = false;
  EXPECT_EQ(state(finding), RowState::kUnreadable);
  finding = Old();
  finding.at_work = true;
  EXPECT_EQ(state(finding), RowState::kUpgrading);
  finding = Old();
  finding.last = Phase::kStuck;
  EXPECT_EQ(state(finding), RowState::kLost);
  finding.last = Phase::kUndone;
  finding.last_wanted = "bb";
  finding.last_reason = "smoke-test";
  EXPECT_EQ(state(finding), RowState::kFailed);
  finding.last_wanted = "cc";
  EXPECT_EQ(state(finding), RowState::kOutdated);
}

TEST_F(BoardTest, WhatCanBeAskedForDependsOnWhatItHas) {
  const auto row = [&](const Finding& finding) {
    Seen seen{.name = "a", .finding = finding, .found = At(1)};
    return RowOf(seen, board_.offer(), true);
  };
  EXPECT_TRUE(row(Old()).can_upgrade);
  EXPECT_TRUE(row(Old()).can_return);
  Finding damaged = Old();
  damaged.problem = "is cut short";
  damaged.previous = {};
  EXPECT_FALSE(row(damaged).can_upgrade);
  EXPECT_TRUE(row(damaged).can_force);
  EXPECT_FALSE(row(damaged).can_return);
  Finding foreign = Old();
  foreign.upgradable = false;
  EXPECT_FALSE(row(foreign).can_force);
}

TEST_F(BoardTest, ANodeIsUpgradingWhileItIs) {
  On();
  Show(NodeState::kUpgrading, NodeState::kWaiting);
  EXPECT_EQ(A().state, RowState::kUpgrading);
  EXPECT_EQ(A().version, "0.1.0");
  EXPECT_EQ(A().text, "said a");
  EXPECT_EQ(A().changed, At(11));
  EXPECT_EQ(B().state, RowState::kWaiting);
  EXPECT_FALSE(A().can_force || B().can_force);
}

TEST_F(BoardTest, AnUpgradedNodeHasTheNewVersionAtOnce) {
  On();
  Show(NodeState::kChecking, NodeState::kWaiting);
  EXPECT_EQ(A().state, RowState::kChecking);
  EXPECT_EQ(A().version, "0.2.0");
  Show(NodeState::kDone, NodeState::kWaiting);
  EXPECT_EQ(A().state, RowState::kCurrent);
}

TEST_F(BoardTest, ANodeThatIsThroughIsAskedAgain) {
  On();
  Show(NodeState::kDone, NodeState::kUpgrading);
  Finding finding = New();
  finding.previous.version = "0.1.0";
  Answer(finding, 20);
  EXPECT_EQ(A().previous, "0.1.0");
  EXPECT_EQ(A().outcome, "done");
  EXPECT_EQ(B().state, RowState::kUpgrading);
  EXPECT_THAT(board_.TakeToAsk(9), IsEmpty());
}

TEST_F(BoardTest, AFailureIsShownUntilTheNodeHasTheVersion) {
  On();
  End(NodeState::kFailed, NodeState::kWaiting, FleetPhase::kStopped);
  Answer(Old(), 20);
  EXPECT_EQ(A().state, RowState::kFailed);
  EXPECT_EQ(A().text, "said a");
  EXPECT_TRUE(A().can_upgrade);
  EXPECT_TRUE(A().can_force);
  board_.SwitchOn(At(30));
  Answer(New(), 31);
  EXPECT_EQ(A().state, RowState::kCurrent);
}

TEST_F(BoardTest, ANodeThatTheRunHasNotReachedIsAsItWas) {
  On();
  Show(NodeState::kUpgrading, NodeState::kWaiting);
  End(NodeState::kFailed, NodeState::kWaiting, FleetPhase::kStopped);
  EXPECT_EQ(B().state, RowState::kOutdated);
  EXPECT_EQ(B().outcome, "");
  EXPECT_TRUE(B().can_upgrade);
}

TEST_F(BoardTest, NodesThatGoBackWaitForTheirTurn) {
  On();
  Fleet fleet =
      FleetOf(NodeState::kDone, NodeState::kReturning, FleetPhase::kReturning);
  fleet.nodes[1].before = "aa";
  board_.Show(fleet, Upgrader::kHere);
  EXPECT_EQ(A().state, RowState::kWaiting);
  EXPECT_EQ(B().state, RowState::kReturning);
  EXPECT_THAT(board_.TakeToAsk(9), IsEmpty());
}

TEST_F(BoardTest, AReturnedNodeHasWhatItSays) {
  On(New());
  End(NodeState::kReturned, NodeState::kWaiting, FleetPhase::kReturned);
  Answer(Old(), 20);
  EXPECT_EQ(A().state, RowState::kOutdated);
  EXPECT_EQ(A().outcome, "returned");
}

TEST_F(BoardTest, ALostNodeIsWhatItSaysOnceItAnswers) {
  On();
  End(NodeState::kLost, NodeState::kWaiting, FleetPhase::kStopped);
  EXPECT_EQ(A().state, RowState::kLost);
  Answer({.problem = "no route"}, 20);
  EXPECT_EQ(A().state, RowState::kLost);
  board_.SwitchOn(At(30));
  Answer(Old(), 31);
  EXPECT_EQ(A().state, RowState::kOutdated);
}

TEST_F(BoardTest, NoRunBeginsWhileAnotherIsntOver) {
  On();
  EXPECT_TRUE(board_.idle());
  board_.Show(FleetOf(NodeState::kUpgrading, NodeState::kWaiting),
              Upgrader::kNobody);
  EXPECT_FALSE(board_.idle());
  EXPECT_FALSE(B().can_upgrade);
}

TEST_F(BoardTest, ARunOfNodesFromElsewhereIsNoTrouble) {
  On();
  Fleet fleet = FleetOf(NodeState::kUpgrading, NodeState::kWaiting);
  fleet.nodes[0].name = "stranger";
  board_.Show(fleet, Upgrader::kElsewhere);
  EXPECT_EQ(A().state, RowState::kOutdated);
  EXPECT_EQ(board_.Find("stranger"), nullptr);
}

TEST_F(BoardTest, ItsAgeTellsThatSomethingIsNew) {
  const uint64_t before = board_.age();
  On();
  EXPECT_GT(board_.age(), before);
}

}  // namespace
}  // namespace applets::upgrade::page
