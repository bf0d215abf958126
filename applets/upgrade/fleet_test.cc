#include "applets/upgrade/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Task = FleetTask::Kind;
using Answered = FleetAnswer::Kind;

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

Fleet FleetOf(size_t nodes, FleetRules rules = {}) {
  Fleet fleet{.id = "x", .wanted = "new", .rules = rules};
  fleet.started = kStart;
  fleet.settled = absl::InfiniteFuture();
  for (size_t i = 0; i < nodes; ++i) {
    fleet.nodes.push_back({.name = absl::StrCat("node-", i)});
  }
  return fleet;
}

// Answers what is asked, as `answer` says, until nothing is.
void Drive(Fleet& fleet, absl::Time now,
           const std::function<FleetAnswer(const FleetTask&)>& answer) {
  while (true) {
    const std::vector<FleetTask> tasks = Proceed(fleet, now);
    if (tasks.empty()) return;
    for (const FleetTask& task : tasks) Hear(fleet, task, answer(task), now);
  }
}

FleetAnswer Well(const FleetTask& task) {
  return {.sha256 = task.kind == Task::kLook ? "old" : ""};
}

// One node's task fails.
auto FailingAt(size_t node, Task kind, Answered how = Answered::kFailed) {
  return [=](const FleetTask& task) {
    if (task.node != node || task.kind != kind) return Well(task);
    return FleetAnswer{.kind = how, .text = "smoke-test: no address"};
  };
}

TEST(FleetTest, TheCanaryIsLookedAtUpgradedAndCheckedBeforeAnyOther) {
  Fleet fleet = FleetOf(3, {.batch_size = 2, .max_unavailable = 2});
  std::vector<FleetTask> seen;
  Drive(fleet, kStart, [&](const FleetTask& task) {
    seen.push_back(task);
    return Well(task);
  });
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  EXPECT_EQ(fleet.Count(NodeState::kDone), 3);
  EXPECT_THAT(
      seen,
      ElementsAre(FleetTask{Task::kLook, 0}, FleetTask{Task::kUpgrade, 0},
                  FleetTask{Task::kCheck, 0}, FleetTask{Task::kLook, 1},
                  FleetTask{Task::kLook, 2}, FleetTask{Task::kUpgrade, 1},
                  FleetTask{Task::kUpgrade, 2}, FleetTask{Task::kCheck, 1},
                  FleetTask{Task::kCheck, 2}));
}

TEST(FleetTest, ACanaryThatFailsStopsItAndNoOtherNodeIsTouched) {
  Fleet fleet = FleetOf(3, {.max_failures = 5});
  Drive(fleet, kStart, FailingAt(0, Task::kUpgrade));
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.reason, "node-0: smoke-test: no address");
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kFailed);
  EXPECT_EQ(fleet.Count(NodeState::kWaiting), 2);
}

TEST(FleetTest, ACanaryThatIsntWellAfterwardsGoesBack) {
  Fleet fleet = FleetOf(2, {.roll_back = false});
  Drive(fleet, kStart, FailingAt(0, Task::kCheck));
  EXPECT_EQ(fleet.phase, FleetPhase::kStopped);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kReturned);
  EXPECT_EQ(fleet.nodes[1].state, NodeState::kWaiting);
}

TEST(FleetTest, AFailureInABatchTakesBackAllThatWasUpgraded) {
  Fleet fleet = FleetOf(6, {.batch_size = 2, .max_unavailable = 2});
  Drive(fleet, kStart, FailingAt(4, Task::kUpgrade));
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.Count(NodeState::kReturned), 4);
  EXPECT_EQ(fleet.Count(NodeState::kFailed), 1);
  EXPECT_EQ(fleet.Count(NodeState::kWaiting), 1);
}

TEST(FleetTest, AsManyAsMayFailDontStopIt) {
  Fleet fleet = FleetOf(4, {.max_failures = 1});
  Drive(fleet, kStart, FailingAt(2, Task::kCheck));
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  EXPECT_EQ(fleet.nodes[2].state, NodeState::kReturned);
  EXPECT_EQ(fleet.Count(NodeState::kDone), 3);
}

TEST(FleetTest, AStuckNodeIsLostAndCounts) {
  Fleet fleet = FleetOf(3);
  Drive(fleet, kStart, FailingAt(1, Task::kUpgrade, Answered::kStuck));
  EXPECT_EQ(fleet.nodes[1].state, NodeState::kLost);
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kReturned);
}

// Lets the time pass until nothing is left to wait for.
absl::Time DriveOn(Fleet& fleet,
                   const std::function<FleetAnswer(const FleetTask&)>& answer) {
  absl::Time now = kStart;
  while (!fleet.over()) {
    Drive(fleet, now, answer);
    if (!fleet.over()) now = std::max(now, NextCall(fleet, now));
  }
  return now;
}

TEST(FleetTest, ANodeThatCantBeReachedIsSaidSoAndNotWaitedFor) {
  Fleet fleet = FleetOf(3);
  const absl::Time end =
      DriveOn(fleet, FailingAt(0, Task::kLook, Answered::kNothing));
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kSkipped);
  EXPECT_EQ(fleet.nodes[0].text, "smoke-test: no address");
  EXPECT_EQ(fleet.Count(NodeState::kDone), 2);
  EXPECT_EQ(fleet.nodes[1].batch, 1) << "another canary, on its own";
  EXPECT_EQ(fleet.nodes[2].batch, 2);
  EXPECT_LT(end - kStart, absl::Minutes(1));
}

TEST(FleetTest, TheFirstNodeTellsWhatItsImageHoldsAndOthersMustHaveTheSame) {
  Fleet fleet = FleetOf(3, {.max_failures = 1});
  fleet.wanted = "";
  fleet.means.image = "i:1";
  Drive(fleet, kStart, [](const FleetTask& task) {
    FleetAnswer answer = Well(task);
    if (task.kind == Task::kLook) answer.wanted = task.node == 1 ? "x" : "new";
    return answer;
  });
  EXPECT_EQ(fleet.wanted, "new");
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  EXPECT_EQ(fleet.nodes[1].state, NodeState::kFailed);
  EXPECT_THAT(fleet.nodes[1].text, testing::HasSubstr("i:1 has another"));
  EXPECT_EQ(fleet.nodes[2].state, NodeState::kDone);
}

TEST(FleetTest, ACanaryThatCantEvenLookStopsIt) {
  Fleet fleet = FleetOf(3);
  Drive(fleet, kStart, FailingAt(0, Task::kLook));
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kFailed);
  EXPECT_EQ(fleet.Count(NodeState::kWaiting), 2);
}

TEST(FleetTest, ANodeWhoseAddsFailAfterItsUpgradeGoesBack) {
  Fleet fleet = FleetOf(2);
  Drive(fleet, kStart, [](const FleetTask& task) {
    FleetAnswer answer = Well(task);
    answer.health = IpamdHealth{.ready = true, .adds = {100, 1}};
    if (task.kind == Task::kCheck) answer.health->adds = {110, 9};
    return answer;
  });
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kReturned);
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_THAT(fleet.reason, testing::HasSubstr("8 of 10 ADDs have failed"));
}

TEST(FleetTest, WhatWasSkippedFromTheBeginningIsNotTouched) {
  Fleet fleet = FleetOf(3);
  fleet.nodes[0].state = NodeState::kSkipped;
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kSkipped);
  EXPECT_EQ(fleet.Count(NodeState::kDone), 2);
}

TEST(FleetTest, AnAnswerThatIsLostIsAskedForAgain) {
  Fleet fleet = FleetOf(1);
  int asked = 0;
  DriveOn(fleet, [&](const FleetTask& task) {
    const bool lost = task.kind == Task::kUpgrade && ++asked < kFleetAttempts;
    return lost ? FleetAnswer{.kind = Answered::kNothing} : Well(task);
  });
  EXPECT_EQ(asked, kFleetAttempts);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kDone);
}

TEST(FleetTest, ANodeThatHasItIsCheckedAndNeverTakenBack) {
  Fleet fleet = FleetOf(2);
  Drive(fleet, kStart, [](const FleetTask& task) {
    EXPECT_NE(task.kind, Task::kUpgrade);
    return FleetAnswer{.sha256 = "new"};
  });
  EXPECT_EQ(fleet.Count(NodeState::kUnchanged), 2);
  Return(fleet, "by hand");
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.Count(NodeState::kUnchanged), 2);
}

TEST(FleetTest, TheCheckWaitsForTheSoakTime) {
  Fleet fleet = FleetOf(1, {.soak = absl::Seconds(30)});
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kUpgraded);
  EXPECT_EQ(NextCall(fleet, kStart), kStart + absl::Seconds(30));
  EXPECT_THAT(Proceed(fleet, kStart + absl::Seconds(29)), IsEmpty());
  EXPECT_THAT(Proceed(fleet, kStart + absl::Seconds(30)),
              ElementsAre(FleetTask{Task::kCheck, 0}));
}

TEST(FleetTest, NoMoreNodesThanAllowedAreUnavailable) {
  Fleet fleet = FleetOf(10, {.batch_size = 9, .max_unavailable = 3});
  int64_t most = 0;
  Drive(fleet, kStart, [&](const FleetTask& task) {
    most = std::max(most, fleet.Count(NodeState::kUpgrading) +
                              fleet.Count(NodeState::kReturning));
    return Well(task);
  });
  EXPECT_EQ(fleet.Count(NodeState::kDone), 10);
  EXPECT_EQ(most, 3);
}

TEST(FleetTest, WhenTheDeadlineIsOverNothingNewIsBegun) {
  Fleet fleet = FleetOf(3, {.deadline = absl::Minutes(1)});
  ASSERT_THAT(Proceed(fleet, kStart), SizeIs(1));
  Hear(fleet, {Task::kLook, 0}, {.sha256 = "old"}, kStart);
  ASSERT_THAT(Proceed(fleet, kStart), SizeIs(1));
  EXPECT_THAT(Proceed(fleet, kStart + absl::Minutes(1)), IsEmpty());
  EXPECT_EQ(fleet.phase, FleetPhase::kStopping) << "an upgrade is under way";
  Hear(fleet, {Task::kUpgrade, 0}, {}, kStart + absl::Minutes(2));
  Proceed(fleet, kStart + absl::Minutes(2));
  EXPECT_EQ(fleet.phase, FleetPhase::kStopped);
  EXPECT_EQ(fleet.reason, "the deadline is over");
  EXPECT_EQ(fleet.nodes[0].state, NodeState::kUpgraded);
}

TEST(FleetTest, APausedRunBeginsNothingAndGoesOn) {
  Fleet fleet = FleetOf(2);
  fleet.paused = true;
  EXPECT_THAT(Proceed(fleet, kStart), IsEmpty());
  EXPECT_FALSE(fleet.over());
  fleet.paused = false;
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kDone);
}

TEST(FleetTest, AnAbortedRunLeavesWhatIsUpgraded) {
  Fleet fleet = FleetOf(2);
  ASSERT_THAT(Proceed(fleet, kStart), SizeIs(1));
  Hear(fleet, {Task::kLook, 0}, {.sha256 = "old"}, kStart);
  ASSERT_THAT(Proceed(fleet, kStart), SizeIs(1));
  Stop(fleet, "aborted");
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kStopping);
  Hear(fleet, {Task::kUpgrade, 0}, {}, kStart);
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kStopped);
  EXPECT_EQ(fleet.nodes[1].state, NodeState::kWaiting);
}

TEST(FleetTest, AFinishedRunCanBeTakenBack) {
  Fleet fleet = FleetOf(3);
  Drive(fleet, kStart, Well);
  Return(fleet, "by hand");
  Drive(fleet, kStart, Well);
  EXPECT_EQ(fleet.phase, FleetPhase::kReturned);
  EXPECT_EQ(fleet.Count(NodeState::kReturned), 3);
}

TEST(FleetTest, AnAnswerThatNobodyAwaitsIsIgnored) {
  Fleet fleet = FleetOf(1);
  const Fleet before = fleet;
  Hear(fleet, {Task::kUpgrade, 0}, {.text = "late"}, kStart);
  Hear(fleet, {Task::kUpgrade, 9}, {.text = "whose?"}, kStart);
  EXPECT_EQ(fleet, before);
}

TEST(FleetTest, ARecordIsReadAsItWasWritten) {
  Fleet fleet = FleetOf(3, {.deadline = absl::Minutes(90), .roll_back = false});
  Drive(fleet, kStart, FailingAt(1, Task::kUpgrade));
  const auto read = ParseFleet(ToJson(fleet));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(fleet));
  EXPECT_EQ(read->phase, FleetPhase::kStopped);
  EXPECT_EQ(read->rules, fleet.rules);
}

TEST(FleetTest, ADamagedRecordIsRefusedWithTheField) {
  std::string text = ToJson(FleetOf(1));
  text.replace(text.find("\"waiting\""), 9, "\"wobbling\"");
  const auto read = ParseFleet(text);
  EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << read.status();
  EXPECT_THAT(std::string(read.status().message()),
              ::testing::HasSubstr("nodes[0].state"));
}

}  // namespace
}  // namespace applets::upgrade
