#include "applets/upgrade/fleet_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Fleet TwoNodes(NodeState a, NodeState b, FleetPhase phase) {
  Fleet fleet{.phase = phase};
  fleet.nodes = {{.name = "node-a", .state = a},
                 {.name = "node-b", .state = b}};
  return fleet;
}

TEST(FleetReportTest, NewsAreOfNodesThatAreInAnotherState) {
  const Fleet before =
      TwoNodes(NodeState::kDone, NodeState::kUpgrading, FleetPhase::kRunning);
  Fleet now = before;
  EXPECT_EQ(NewsSince(before, now), "");
  now.nodes[1].state = NodeState::kFailed;
  now.nodes[1].text = "no address";
  now.phase = FleetPhase::kStopping;
  now.reason = "node-b: no address";
  EXPECT_EQ(NewsSince(before, now),
            "[2/2] node-b                   failed     no address\n"
            "stopping: node-b: no address\n");
}

TEST(FleetReportTest, TheSummaryCountsAndSaysWhatToDo) {
  const std::string lost = Summary(
      TwoNodes(NodeState::kDone, NodeState::kLost, FleetPhase::kStopped));
  EXPECT_THAT(lost, HasSubstr("stopped: 1 done, 1 lost\n"));
  EXPECT_THAT(lost, HasSubstr("look at the lost"));
  EXPECT_THAT(lost, HasSubstr("--rollback"));
  EXPECT_THAT(Summary(TwoNodes(NodeState::kDone, NodeState::kUpgrading,
                               FleetPhase::kRunning)),
              HasSubstr("--resume"));
  EXPECT_THAT(Summary(TwoNodes(NodeState::kReturned, NodeState::kWaiting,
                               FleetPhase::kReturned)),
              Not(HasSubstr("To take it back")));
}

TEST(FleetReportTest, TheExitStatusIsGoodOnlyIfAllNodesAre) {
  const auto status = [](NodeState b, FleetPhase phase) {
    return ExitStatusOf(TwoNodes(NodeState::kDone, b, phase));
  };
  EXPECT_EQ(status(NodeState::kUnchanged, FleetPhase::kDone),
            ExitStatus::kDone);
  EXPECT_EQ(status(NodeState::kSkipped, FleetPhase::kDone),
            ExitStatus::kFailed);
  EXPECT_EQ(status(NodeState::kDone, FleetPhase::kRunning),
            ExitStatus::kFailed);
  EXPECT_EQ(status(NodeState::kLost, FleetPhase::kStopped), ExitStatus::kStuck);
}

}  // namespace
}  // namespace applets::upgrade
