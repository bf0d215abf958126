#include "pool/sim/fleet.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pool/sim/shrink.h"

namespace pool::sim {
namespace {

constexpr uint64_t kSeeds = 1000;
constexpr uint64_t kBatches = 20;

// A little storm, and the calm in which everything must come right.
Scenario ShortOf(uint64_t seed) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.nodes = 100;
  scenario.storm = absl::Minutes(20);
  scenario.calm = Scenario::kMinCalm;
  scenario.length = absl::Minutes(28);
  scenario.pod_life = absl::Minutes(8);
  scenario.faults = 0.03;
  return scenario;
}

// In batches, for shards.
class FleetTest : public testing::TestWithParam<uint64_t> {};

TEST_P(FleetTest, KeepsItsPromisesWhateverGoesWrong) {
  for (uint64_t i = 0; i < kSeeds / kBatches; ++i) {
    const Scenario scenario = ShortOf(GetParam() * kSeeds / kBatches + i + 1);
    const Outcome outcome = Simulate(scenario);
    EXPECT_GT(outcome.totals.pods, 100u) << "seed " << scenario.seed;
    if (!outcome.violation) continue;
    FAIL() << "seed " << scenario.seed << "\n" << Explain(Shrink(scenario));
  }
}

INSTANTIATE_TEST_SUITE_P(Batches, FleetTest,
                         testing::Range<uint64_t>(0, kBatches));

TEST(FleetTestOfChance, TheSameSeedGoesTheSameWay) {
  const Outcome once = Simulate(ShortOf(7));
  const Outcome again = Simulate(ShortOf(7));
  EXPECT_EQ(once.events, again.events);
  EXPECT_EQ(once.strikes, again.strikes);
  EXPECT_NE(once.events, Simulate(ShortOf(8)).events);
}

// What comes of a fault doesn't depend on whether it was drawn or listed.
TEST(FleetTestOfChance, FaultsThatAreListedStrikeAsTheyDid) {
  Scenario scenario = ShortOf(3);
  const Outcome drawn = Simulate(scenario);
  scenario.only_faults.emplace(drawn.strikes.begin(), drawn.strikes.end());
  const Outcome listed = Simulate(scenario);
  EXPECT_EQ(listed.events, drawn.events);
  EXPECT_EQ(listed.strikes, drawn.strikes);
}

TEST(FleetTestOfChance, EveryKindOfFaultStrikes) {
  std::array<uint64_t, kFaultKinds> counts = {};
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Outcome outcome = Simulate(ShortOf(seed));
    for (size_t i = 0; i < kFaultKinds; ++i) counts[i] += outcome.faults[i];
  }
  for (size_t i = 0; i < kFaultKinds; ++i) {
    EXPECT_GT(counts[i], 0u) << NameOf(static_cast<Fault>(i));
  }
}

}  // namespace
}  // namespace pool::sim
