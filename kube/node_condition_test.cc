#include "kube/node_condition.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767323045);

absl::StatusOr<std::optional<NodeCondition>> In(const std::string& conditions) {
  const auto node =
      base::Json::Parse("{\"status\":{\"conditions\":" + conditions + "}}");
  if (!node.ok()) return node.status();
  return DecodeNodeCondition(*node, kNetworkUnavailable);
}

TEST(NodeConditionTest, IsFoundByItsTypeAmongOthers) {
  const auto found = In(
      R"([{"type":"Ready","status":"True"},
          {"type":"NetworkUnavailable","status":"True","reason":"NoAddresses",
           "message":"dry","lastTransitionTime":"2026-01-02T03:04:05Z"}])");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, (NodeCondition{kNetworkUnavailable, true, "NoAddresses",
                                   "dry", "2026-01-02T03:04:05Z"}));
}

TEST(NodeConditionTest, IsMissingOnANodeThatNobodyHasToldOf) {
  EXPECT_EQ(*In("[]"), std::nullopt);
  EXPECT_EQ(*In("null"), std::nullopt);
}

TEST(NodeConditionTest, OnlyTrueIsTrue) {
  EXPECT_FALSE(
      (**In(R"([{"type":"NetworkUnavailable","status":"Unknown"}])")).is_true);
}

TEST(NodeConditionTest, AWrongFieldIsNamed) {
  EXPECT_THAT(In(R"([{"type":7}])").status().message(),
              testing::HasSubstr("status.conditions[0].type"));
}

TEST(NodeConditionTest, ThePatchHasThisConditionAlone) {
  EXPECT_EQ(NodeConditionPatch(
                {kNetworkUnavailable, true, "NoAddresses", "dry"}, kNow),
            R"({"status":{"conditions":[{"type":"NetworkUnavailable",)"
            R"("status":"True","reason":"NoAddresses","message":"dry",)"
            R"("lastHeartbeatTime":"2026-01-02T03:04:05Z",)"
            R"("lastTransitionTime":"2026-01-02T03:04:05Z"}]}})");
}

TEST(NodeConditionTest, ThePatchKeepsSinceWhenItSaysSo) {
  EXPECT_THAT(
      NodeConditionPatch(
          {kNetworkUnavailable, false, "", "", "2025-12-31T00:00:00Z"}, kNow),
      testing::HasSubstr(R"("lastTransitionTime":"2025-12-31T00:00:00Z")"));
}

}  // namespace
}  // namespace kube
