#include "applets/ipamd/condition_plan.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

const absl::Status kDry = absl::ResourceExhaustedError("the pool is dry");

class ConditionPlanTest : public testing::Test {
 protected:
  // Writes what there is to write; "" for nothing, else the reason.
  std::string Write(const absl::Status& status = absl::OkStatus()) {
    const auto condition = plan_.Next(now_);
    if (!condition) return "";
    plan_.OnWritten(status, now_);
    return condition->reason;
  }

  absl::Time now_ = absl::FromUnixSeconds(1767323045);
  ConditionPlan plan_;
};

TEST_F(ConditionPlanTest, SaysNothingBeforeItKnows) { EXPECT_EQ(Write(), ""); }

TEST_F(ConditionPlanTest, BeginsBySayingThatAllIsWell) {
  plan_.Set(absl::OkStatus());
  const auto condition = plan_.Next(now_);
  ASSERT_TRUE(condition.has_value());
  EXPECT_EQ(condition->type, "NetworkUnavailable");
  EXPECT_FALSE(condition->is_true);
  EXPECT_EQ(condition->reason, "AddressesAvailable");
}

TEST_F(ConditionPlanTest, SaysWhyThereIsNone) {
  plan_.Set(kDry);
  const auto condition = plan_.Next(now_);
  ASSERT_TRUE(condition.has_value());
  EXPECT_TRUE(condition->is_true);
  EXPECT_EQ(condition->reason, "NoAddresses");
  EXPECT_EQ(condition->message, "the pool is dry");
}

TEST_F(ConditionPlanTest, AChangeIsToldOnceTheIntervalIsOver) {
  plan_.Set(absl::OkStatus());
  Write();
  plan_.Set(kDry);
  EXPECT_EQ(Write(), "");
  now_ += ConditionPlan::kInterval;
  EXPECT_EQ(Write(), "NoAddresses");
  EXPECT_EQ(Write(), "");
}

TEST_F(ConditionPlanTest, AHiccupWithinTheIntervalIsNotTold) {
  plan_.Set(absl::OkStatus());
  Write();
  plan_.Set(kDry);
  Write();
  plan_.Set(absl::OkStatus());
  now_ += ConditionPlan::kInterval;
  EXPECT_EQ(Write(), "");
}

TEST_F(ConditionPlanTest, AnotherCauseWaitsLonger) {
  plan_.Set(kDry);
  Write();
  plan_.Set(absl::UnavailableError("the VPC doesn't answer"));
  now_ += ConditionPlan::kInterval;
  EXPECT_EQ(Write(), "");
  now_ += ConditionPlan::kRestate;
  EXPECT_EQ(Write(), "NoAddresses");
}

TEST_F(ConditionPlanTest, IsSaidAgainNowAndThen) {
  plan_.Set(absl::OkStatus());
  Write();
  now_ += ConditionPlan::kRefresh - absl::Seconds(1);
  EXPECT_EQ(Write(), "");
  now_ += absl::Seconds(1);
  EXPECT_EQ(Write(), "AddressesAvailable");
}

TEST_F(ConditionPlanTest, OneAtATime) {
  plan_.Set(absl::OkStatus());
  ASSERT_TRUE(plan_.Next(now_).has_value());
  plan_.Set(kDry);
  EXPECT_EQ(plan_.Next(now_ + absl::Hours(1)), std::nullopt);
}

TEST_F(ConditionPlanTest, AnErrorIsRepeatedMoreAndMoreSeldom) {
  plan_.Set(kDry);
  const absl::Status failed = absl::UnavailableError("no API server");
  int tries = 0;
  for (const absl::Time end = now_ + absl::Hours(1); now_ < end;
       now_ += absl::Seconds(1)) {
    if (!Write(failed).empty()) ++tries;
  }
  EXPECT_GT(tries, 10);
  EXPECT_LT(tries, 20);
  now_ += ConditionPlan::kMaxBackoff;
  EXPECT_EQ(Write(), "NoAddresses");
}

}  // namespace
}  // namespace applets::ipamd
