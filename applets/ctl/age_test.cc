#include "applets/ctl/age.h"

#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

TEST(AgeTest, SecondsUpToTwoMinutes) {
  EXPECT_EQ(FormatAge(absl::ZeroDuration()), "0s");
  EXPECT_EQ(FormatAge(absl::Milliseconds(5999)), "5s");
  EXPECT_EQ(FormatAge(absl::Seconds(119)), "119s");
}

TEST(AgeTest, MinutesWithSecondsUpToTen) {
  EXPECT_EQ(FormatAge(absl::Minutes(2)), "2m");
  EXPECT_EQ(FormatAge(absl::Seconds(3 * 60 + 12)), "3m12s");
  EXPECT_EQ(FormatAge(absl::Seconds(599)), "9m59s");
  EXPECT_EQ(FormatAge(absl::Seconds(659)), "10m");
  EXPECT_EQ(FormatAge(absl::Minutes(179)), "179m");
}

TEST(AgeTest, HoursWithMinutesUpToEight) {
  EXPECT_EQ(FormatAge(absl::Hours(3)), "3h");
  EXPECT_EQ(FormatAge(absl::Hours(4)), "4h");
  EXPECT_EQ(FormatAge(absl::Minutes(7 * 60 + 5)), "7h5m");
  EXPECT_EQ(FormatAge(absl::Minutes(8 * 60 + 5)), "8h");
  EXPECT_EQ(FormatAge(absl::Hours(47)), "47h");
}

TEST(AgeTest, DaysWithHoursUpToEight) {
  EXPECT_EQ(FormatAge(2 * kDay), "2d");
  EXPECT_EQ(FormatAge(absl::Hours(51)), "2d3h");
  EXPECT_EQ(FormatAge(8 * kDay + absl::Hours(5)), "8d");
  EXPECT_EQ(FormatAge(729 * kDay), "729d");
}

TEST(AgeTest, YearsWithDaysUpToEight) {
  EXPECT_EQ(FormatAge(730 * kDay), "2y");
  EXPECT_EQ(FormatAge(740 * kDay), "2y10d");
  EXPECT_EQ(FormatAge(8 * 365 * kDay + 9 * kDay), "8y");
}

TEST(AgeTest, WhatIsYetToComeIsNow) {
  EXPECT_EQ(FormatAge(absl::Seconds(-3)), "0s");
}

}  // namespace
}  // namespace applets::ctl
