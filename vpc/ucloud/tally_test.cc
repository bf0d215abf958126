#include "vpc/ucloud/tally.h"

#include <string>

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

TEST(TallyTest, AddsUpByActionAndOutcome) {
  Tally tally;
  tally.Ended("A", "0", absl::Seconds(1));
  tally.Ended("A", "0", absl::Seconds(2));
  tally.Ended("A", "153", absl::Seconds(4));
  tally.Ended("B", "0", absl::Seconds(8));
  tally.Waited(absl::Seconds(3));
  tally.Waited(absl::Seconds(4));
  const Usage usage = tally.usage();
  EXPECT_EQ(usage.calls.size(), 3U);
  EXPECT_EQ(usage.calls.at({"A", "0"}).count, 2U);
  EXPECT_EQ(usage.calls.at({"A", "0"}).took, absl::Seconds(3));
  EXPECT_EQ(usage.calls.at({"A", "153"}).count, 1U);
  EXPECT_EQ(usage.calls.at({"B", "0"}).took, absl::Seconds(8));
  EXPECT_EQ(usage.waited, absl::Seconds(7));
}

TEST(TallyTest, KeepsTheLastError) {
  Tally tally;
  EXPECT_EQ(tally.usage().last_error, "");
  tally.Failed("first");
  tally.Failed("second");
  EXPECT_EQ(tally.usage().last_error, "second");
}

TEST(TallyTest, DoesNotGrowWithoutLimit) {
  Tally tally;
  for (size_t i = 0; i < 2 * Tally::kMaxPairs; ++i) {
    tally.Ended("A", std::to_string(i), absl::Seconds(1));
  }
  tally.Ended("A", "0", absl::Seconds(1));
  const Usage usage = tally.usage();
  EXPECT_EQ(usage.calls.size(), Tally::kMaxPairs + 1);
  EXPECT_EQ(usage.calls.at({"A", "other"}).count, Tally::kMaxPairs);
  EXPECT_EQ(usage.calls.at({"A", "0"}).count, 2U);
}

}  // namespace
}  // namespace vpc::ucloud
