#include "pool/watermark.h"

#include "gtest/gtest.h"

namespace pool {
namespace {

TEST(WatermarkTest, FillsToTheLowOne) {
  EXPECT_EQ(PlanOf({3, 50}, {.warm = 1}, 0, 0), (Plan{.allocate = 2}));
  EXPECT_EQ(PlanOf({3, 50}, {.warm = 3}, 0, 0), Plan{});
}

TEST(WatermarkTest, CountsWhatIsOnItsWay) {
  EXPECT_EQ(PlanOf({3, 50}, {.warm = 1}, 0, 2), Plan{});
}

TEST(WatermarkTest, AddsWhatWaitingPodsNeed) {
  EXPECT_EQ(PlanOf({3, 50}, {}, 10, 0), (Plan{.allocate = 13}));
  EXPECT_EQ(PlanOf({0, 0}, {}, 1, 0), (Plan{.allocate = 1}));
}

TEST(WatermarkTest, CoolingIsNotAvailable) {
  EXPECT_EQ(PlanOf({3, 50}, {.cooling = 40}, 0, 0), (Plan{.allocate = 3}));
}

TEST(WatermarkTest, TrimsAboveTheHighOne) {
  EXPECT_EQ(PlanOf({3, 50}, {.warm = 60}, 0, 0), (Plan{.release = 10}));
  EXPECT_EQ(PlanOf({3, 50}, {.warm = 50, .cooling = 30}, 0, 0), Plan{});
  EXPECT_EQ(PlanOf({0, 0}, {.warm = 2}, 0, 0), (Plan{.release = 2}));
}

TEST(WatermarkTest, NeverBothAndNeverOscillates) {
  for (int low = 0; low <= 5; ++low) {
    for (int high = low; high <= 8; ++high) {
      for (int warm = 0; warm <= 20; ++warm) {
        for (int waiting = 0; waiting <= 3; ++waiting) {
          const Plan plan = PlanOf({low, high}, {.warm = warm}, waiting, 0);
          EXPECT_TRUE(plan.allocate == 0 || plan.release == 0);
          const Counts after{.warm = warm + plan.allocate - plan.release};
          EXPECT_EQ(PlanOf({low, high}, after, waiting, 0), Plan{});
        }
      }
    }
  }
}

TEST(WatermarkTest, RefusesLowAboveHigh) {
  EXPECT_TRUE(Validate({3, 50}).ok());
  EXPECT_TRUE(Validate({0, 0}).ok());
  EXPECT_EQ(Validate({4, 3}).message(),
            "--availablePodIPLowWatermark=4 exceeds "
            "--availablePodIPHighWatermark=3; lower the one or raise the "
            "other");
  EXPECT_FALSE(Validate({-1, 3}).ok());
}

}  // namespace
}  // namespace pool
