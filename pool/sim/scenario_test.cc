#include "pool/sim/scenario.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace pool::sim {
namespace {

TEST(ScenarioTest, WhatIsWrittenReadsTheSame) {
  Scenario scenario;
  scenario.seed = 77;
  scenario.nodes = 12;
  scenario.length = absl::Hours(3);
  scenario.faults = 1.0 / 30;
  scenario.room = 1.1;
  scenario.only_nodes = {{3, 7}};
  scenario.only_faults = {{Strike{3, Fault::kLate, 12}}};
  const auto read = ParseScenario(Format(scenario));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Format(*read), Format(scenario));
  EXPECT_EQ(read->faults, scenario.faults);
  EXPECT_EQ(read->only_nodes, scenario.only_nodes);
  EXPECT_EQ(read->only_faults, scenario.only_faults);
}

TEST(ScenarioTest, RemarksAndEmptyLinesSayNothing) {
  const auto read = ParseScenario("# a remark\n\n  \nseed 5\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->seed, 5u);
  EXPECT_EQ(read->nodes, Scenario().nodes);
  EXPECT_FALSE(read->only_faults.has_value());
}

TEST(ScenarioTest, NoFaultsAtAllIsNotTheSameAsAnyFaults) {
  const auto read = ParseScenario("only-faults\n");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(read->only_faults.has_value());
  EXPECT_TRUE(read->only_faults->empty());
}

TEST(ScenarioTest, ErrorsNameTheLine) {
  for (const char* const bad :
       {"seed 1\nseed x\n", "nodes 3\nnode 3\n", "seed 1\nfault 1 nonsense 2",
        "seed 1\nlength soon\n"}) {
    const auto read = ParseScenario(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << bad;
    EXPECT_NE(read.status().message().find("line 2"), std::string::npos) << bad;
  }
}

TEST(ScenarioTest, WhatIsOutOfBoundsIsRefused) {
  for (const char* const bad :
       {"room 0", "nodes 0", "nodes 100001", "faults 1.5", "faults nan",
        "calm 1s", "storm 0s", "length inf"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseScenario(bad).status())) << bad;
  }
}

}  // namespace
}  // namespace pool::sim
