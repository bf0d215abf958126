#include "pool/sim/plant.h"

#include <cstdint>
#include <iostream>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "pool/sim/fleet.h"
#include "pool/sim/shrink.h"

namespace pool::sim {
namespace {

constexpr uint64_t kMaxSeeds = 100;

struct Case {
  const char* name;
  Plant plant;
};

class PlantTest : public testing::TestWithParam<Case> {
 protected:
  static Scenario ScenarioOf(uint64_t seed) {
    Scenario scenario;
    scenario.seed = seed;
    scenario.nodes = 20;
    scenario.storm = absl::Minutes(20);
    scenario.calm = Scenario::kMinCalm;
    scenario.length = absl::Minutes(28);
    scenario.pod_life = absl::Minutes(8);
    return scenario;
  }
};

TEST_P(PlantTest, ABugIsFoundAndMadeSmaller) {
  std::optional<Scenario> failing;
  for (uint64_t seed = 1; seed <= kMaxSeeds && !failing; ++seed) {
    const Outcome outcome = Simulate(ScenarioOf(seed), GetParam().plant);
    if (outcome.violation) failing = ScenarioOf(seed);
  }
  ASSERT_TRUE(failing.has_value());
  std::cout << GetParam().name << ": found by seed " << failing->seed << "\n";

  const Scenario small = Shrink(*failing, GetParam().plant, 100);
  ASSERT_TRUE(small.only_nodes.has_value());
  EXPECT_LT(small.only_nodes->size(), 20u);
  const std::string story = Explain(small, GetParam().plant);
  std::cout << story;
  EXPECT_NE(story.find("VIOLATION"), std::string::npos);
  // What was printed is a scenario that fails as it does.
  const auto replayed = ParseScenario(story.substr(story.find('\n') + 1));
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(Explain(*replayed, GetParam().plant), story);
  // ... because of the bug.
  EXPECT_FALSE(Simulate(*replayed).violation.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Bugs, PlantTest,
    testing::Values(Case{"DoublePop", Plant::kDoublePop},
                    Case{"LostIntent", Plant::kLostIntent},
                    Case{"ForgottenCooldown", Plant::kForgottenCooldown},
                    Case{"TimeoutIsFailure", Plant::kTimeoutIsFailure},
                    Case{"ForgottenLease", Plant::kForgottenLease}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace pool::sim
