#include "applets/upgrade/fleet_carry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"

namespace applets::upgrade {
namespace {

using Task = FleetTask::Kind;

Fleet FleetOf(size_t nodes, FleetRules rules = {}) {
  Fleet fleet{.id = "x", .wanted = "new", .rules = rules};
  fleet.started = absl::Now();
  fleet.settled = absl::InfiniteFuture();
  for (size_t i = 0; i < nodes; ++i) {
    fleet.nodes.push_back({.name = absl::StrCat("node-", i)});
  }
  return fleet;
}

FleetAnswer Well(const Fleet&, const FleetTask& task) {
  return {.sha256 = task.kind == Task::kLook ? "old" : ""};
}

Carrier CarrierOf(const std::string& name, DoTask do_task) {
  return {.record = absl::StrCat(testing::TempDir(), "/", name, "/fleet.json"),
          .do_task = std::move(do_task),
          .interrupted = [] { return false; },
          .tell = [](const Fleet&) {}};
}

TEST(FleetCarryTest, ARunIsCarriedOutAndOnRecord) {
  const Carrier carrier = CarrierOf("whole", Well);
  const auto fleet = CarryFleet(
      FleetOf(100, {.batch_size = 99, .max_unavailable = 99}), carrier);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_EQ(fleet->Count(NodeState::kDone), 100);
  const auto read = LoadFleet(carrier.record);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->phase, FleetPhase::kDone);
}

TEST(FleetCarryTest, ANodeIsOnRecordBeforeItIsTouched) {
  Carrier carrier = CarrierOf("before", nullptr);
  std::atomic<int> unrecorded = 0;
  carrier.do_task = [&](const Fleet& fleet, const FleetTask& task) {
    const auto read = LoadFleet(carrier.record);
    if (task.kind == Task::kUpgrade &&
        (*read)->nodes[task.node].state != NodeState::kUpgrading) {
      ++unrecorded;
    }
    return Well(fleet, task);
  };
  EXPECT_TRUE(CarryFleet(FleetOf(5), carrier).ok());
  EXPECT_EQ(unrecorded, 0);
}

TEST(FleetCarryTest, AnInterruptedRunWaitsForWhatIsUnderWayAndIsGoneOnWith) {
  Carrier carrier = CarrierOf("interrupted", nullptr);
  std::atomic<bool> interrupted = false;
  std::atomic<int> upgrades = 0;
  carrier.interrupted = [&] { return interrupted.load(); };
  carrier.do_task = [&](const Fleet& fleet, const FleetTask& task) {
    if (task.kind == Task::kUpgrade && ++upgrades == 2) interrupted = true;
    return Well(fleet, task);
  };
  const auto fleet = CarryFleet(FleetOf(5), carrier);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_FALSE(fleet->over());
  EXPECT_EQ(fleet->Count(NodeState::kUpgraded), 1);
  EXPECT_EQ(fleet->Count(NodeState::kDone), 1);
  interrupted = false;
  const auto read = LoadFleet(carrier.record);
  const auto end = CarryFleet(**read, carrier);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->Count(NodeState::kDone), 5);
  EXPECT_EQ(upgrades, 5);
}

TEST(FleetCarryTest, WithoutARecordNothingIsBegun) {
  Carrier carrier = CarrierOf("none", nullptr);
  carrier.record = "/proc/no/fleet.json";
  carrier.do_task = [](const Fleet&, const FleetTask&) {
    ADD_FAILURE();
    return FleetAnswer();
  };
  EXPECT_FALSE(CarryFleet(FleetOf(1), carrier).ok());
}

TEST(FleetCarryTest, ADamagedRecordIsNamed) {
  const std::string path = testing::TempDir() + "/damaged.json";
  ASSERT_TRUE(base::WriteFileAtomically(path, "{").ok());
  EXPECT_THAT(std::string(LoadFleet(path).status().message()),
              testing::HasSubstr("damaged.json"));
  EXPECT_EQ(*LoadFleet(path + ".none"), std::nullopt);
}

}  // namespace
}  // namespace applets::upgrade
