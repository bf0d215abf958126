#include "applets/vpcsim/fault_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace applets::vpcsim {
namespace {

absl::StatusOr<FaultRule> Read(absl::string_view text) {
  return FaultRuleFromJson(base::Json::Parse(text).value());
}

std::string Problem(absl::string_view text) {
  return std::string(Read(text).status().message());
}

TEST(FaultRuleTest, ReadsAllOfARule) {
  const auto rule = Read(R"({
      "id": "r",
      "match": {"action": "AllocateSecondaryIp", "mac": "52:54:00:00:00:01",
                "subnet": "subnet-1", "host": "uhost-1"},
      "when": {"probability": 0.5, "next": 3, "every": 2, "from_ms": 10,
               "until_ms": 20},
      "do": {"latency": {"distribution": "uniform", "min_ms": 1, "max_ms": 2,
                         "most_ms": 9},
             "latency_at": "before", "ret_code": 110, "message": "m",
             "effect": "done", "failing": 0.25, "lag_ms": 7,
             "expire_token": true, "wrong_mac": true, "out_of_band": "move",
             "count": 4}})");
  ASSERT_TRUE(rule.ok()) << rule.status();
  EXPECT_EQ(rule->id, "r");
  EXPECT_EQ(rule->match.action, "AllocateSecondaryIp");
  EXPECT_EQ(rule->match.mac->ToString(), "52:54:00:00:00:01");
  EXPECT_EQ(rule->match.subnet, "subnet-1");
  EXPECT_EQ(rule->match.host, "uhost-1");
  EXPECT_EQ(rule->when.probability, 0.5);
  EXPECT_EQ(rule->when.next, 3);
  EXPECT_EQ(rule->when.every, 2);
  EXPECT_EQ(rule->when.from, absl::Milliseconds(10));
  EXPECT_EQ(rule->when.until, absl::Milliseconds(20));
  const FaultRule::Effects& effects = rule->effects;
  EXPECT_EQ(effects.latency->shape, Latency::Shape::kUniform);
  EXPECT_EQ(effects.latency->first, 1);
  EXPECT_EQ(effects.latency->second, 2);
  EXPECT_EQ(effects.latency->most, absl::Milliseconds(9));
  EXPECT_EQ(effects.latency_at, Moment::kBefore);
  EXPECT_EQ(effects.refusal->ret_code, 110);
  EXPECT_EQ(effects.refusal->message, "m");
  EXPECT_TRUE(effects.takes_effect);
  EXPECT_EQ(effects.bend.failing, 0.25);
  EXPECT_EQ(effects.bend.lag, absl::Milliseconds(7));
  EXPECT_TRUE(effects.bend.wrong_mac);
  EXPECT_TRUE(effects.expire_token);
  EXPECT_EQ(effects.out_of_band->kind, OutOfBand::Kind::kMove);
  EXPECT_EQ(effects.out_of_band->count, 4);
}

TEST(FaultRuleTest, LeftOutMeansAlwaysAndEverything) {
  const auto rule = Read(R"({"do":{"ret_code":153}})");
  ASSERT_TRUE(rule.ok()) << rule.status();
  EXPECT_EQ(rule->match.action, "*");
  EXPECT_EQ(rule->when.probability, 1);
  EXPECT_EQ(rule->when.every, 1);
  EXPECT_EQ(rule->when.until, absl::InfiniteDuration());
  EXPECT_FALSE(rule->effects.takes_effect);
  EXPECT_FALSE(rule->effects.latency);
}

TEST(FaultRuleTest, ReadsEveryDistribution) {
  const std::pair<absl::string_view, Latency::Shape> cases[] = {
      {R"("constant","ms":5)", Latency::Shape::kConstant},
      {R"("uniform","min_ms":5,"max_ms":9)", Latency::Shape::kUniform},
      {R"("normal","mean_ms":5,"stddev_ms":9)", Latency::Shape::kNormal},
      {R"("exponential","mean_ms":5)", Latency::Shape::kExponential},
      {R"("lognormal","median_ms":5,"sigma":9)", Latency::Shape::kLognormal},
      {R"("pareto","min_ms":5,"alpha":9)", Latency::Shape::kPareto},
  };
  for (const auto& [fields, shape] : cases) {
    const auto rule = Read(
        absl::StrCat(R"({"do":{"latency":{"distribution":)", fields, "}}}"));
    ASSERT_TRUE(rule.ok()) << rule.status();
    EXPECT_EQ(rule->effects.latency->shape, shape);
    EXPECT_EQ(rule->effects.latency->first, 5);
  }
}

TEST(FaultRuleTest, ResetAfterTheEffectTookEffect) {
  EXPECT_TRUE(Read(R"({"do":{"reset":"after"}})")->effects.takes_effect);
  EXPECT_FALSE(Read(R"({"do":{"reset":"before"}})")->effects.takes_effect);
}

TEST(FaultRuleTest, ErrorsNameThePlace) {
  EXPECT_EQ(Problem(R"({"do":{"ret_kode":1}})"),
            "do: there is no \"ret_kode\" here");
  EXPECT_EQ(Problem(R"({"when":{"probability":2},"do":{"ret_code":1}})"),
            "when.probability: must be from 0 to 1");
  EXPECT_EQ(Problem(R"({"when":{"next":0},"do":{"ret_code":1}})"),
            "when: next must be at least 1");
  EXPECT_EQ(Problem(R"({"match":{"action":"Fly"},"do":{"ret_code":1}})"),
            "match: there is no action \"Fly\"");
  EXPECT_EQ(Problem("{}"), "do: missing");
  EXPECT_EQ(Problem(R"({"do":{}})"), "do: says nothing");
  EXPECT_EQ(Problem(R"({"do":{"reset":"during"}})"),
            "do: reset can't be \"during\"");
  EXPECT_EQ(Problem(R"({"do":{"latency":{"distribution":"uniform",
                       "min_ms":5,"max_ms":4}}})"),
            "do.latency: max_ms is less than min_ms");
  EXPECT_EQ(Problem(R"({"do":{"latency":{"distribution":"normal","ms":5}}})"),
            "do.latency: there is no \"ms\" here");
}

TEST(FaultRuleTest, ACallEndsInOneWayOnly) {
  EXPECT_EQ(Problem(R"({"do":{"ret_code":110,"hang_ms":5}})"),
            "do: only one of ret_code, http_status, reset and hang_ms can be");
}

TEST(FaultRuleTest, OnlyOutOfBandGoesByTheClock) {
  EXPECT_EQ(Problem(R"({"when":{"interval_ms":5},"do":{"ret_code":1}})"),
            "document: interval_ms is for out_of_band");
  EXPECT_EQ(Read(R"({"when":{"interval_ms":5},"do":{"out_of_band":"vanish"}})")
                ->when.interval,
            absl::Milliseconds(5));
}

}  // namespace
}  // namespace applets::vpcsim
