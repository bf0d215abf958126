#include "applets/vpcsim/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const base::Mac kMac = base::Mac::Parse("52:54:00:00:00:01").value();
const base::Mac kOtherMac = base::Mac::Parse("52:54:00:00:00:02").value();

Subject Allocate() { return {.action = "AllocateSecondaryIp", .macs = {kMac}}; }
Subject Describe() { return {.action = "DescribeSecondaryIp", .macs = {kMac}}; }

class FaultsTest : public ::testing::Test {
 protected:
  void Set(absl::string_view rule) {
    const auto json = base::Json::Parse(rule);
    ASSERT_TRUE(json.ok());
    auto read = FaultRuleFromJson(*json);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(faults_.Set(*std::move(read), kNow).ok());
  }
  bool Hits(const Subject& subject, absl::Time now = kNow) {
    return !faults_.Judge(subject, now).hits.empty();
  }

  Faults faults_{7};
};

TEST_F(FaultsTest, WithoutRulesNothingHappens) {
  const Verdict verdict = faults_.Judge(Allocate(), kNow);
  EXPECT_TRUE(verdict.takes_effect);
  EXPECT_FALSE(verdict.refusal);
  EXPECT_FALSE(verdict.reset);
  EXPECT_EQ(verdict.after, absl::ZeroDuration());
  EXPECT_EQ(faults_.next_due(), absl::InfiniteFuture());
}

TEST_F(FaultsTest, MatchesByAction) {
  Set(R"({"match":{"action":"AllocateSecondaryIp"},"do":{"ret_code":153}})");
  EXPECT_TRUE(Hits(Allocate()));
  EXPECT_FALSE(Hits(Describe()));
}

TEST_F(FaultsTest, MatchesReadsAndWrites) {
  Set(R"({"id":"r","match":{"action":"read"},"do":{"lag_ms":5}})");
  Set(R"({"id":"w","match":{"action":"write"},"do":{"failing":0.5}})");
  EXPECT_THAT(faults_.Judge(Describe(), kNow).hits, ElementsAre("r"));
  EXPECT_EQ(faults_.Judge(Describe(), kNow).bend.lag, absl::Milliseconds(5));
  EXPECT_THAT(faults_.Judge(Allocate(), kNow).hits, ElementsAre("w"));
  EXPECT_EQ(faults_.Judge(Allocate(), kNow).bend.failing, 0.5);
}

TEST_F(FaultsTest, EverythingIsEveryCallButNotTheMetadata) {
  Set(R"({"do":{"ret_code":150}})");
  EXPECT_TRUE(Hits(Allocate()));
  EXPECT_FALSE(Hits({.kind = Subject::Kind::kMetadata}));
  EXPECT_FALSE(Hits({.kind = Subject::Kind::kSts}));
  Set(R"({"match":{"action":"metadata"},"do":{"http_status":503}})");
  EXPECT_TRUE(Hits({.kind = Subject::Kind::kMetadata}));
  EXPECT_FALSE(Hits({.kind = Subject::Kind::kSts}));
  Set(R"({"match":{"action":"sts"},"do":{"http_status":503}})");
  EXPECT_TRUE(Hits({.kind = Subject::Kind::kSts}));
}

TEST_F(FaultsTest, MatchesByMacSubnetAndHost) {
  Set(R"({"match":{"mac":"52:54:00:00:00:01","subnet":"s","host":"h"},
          "do":{"ret_code":150}})");
  Subject subject = Allocate();
  EXPECT_FALSE(Hits(subject));
  subject.subnet = "s";
  EXPECT_FALSE(Hits(subject));
  subject.host = "h";
  EXPECT_TRUE(Hits(subject));
  subject.macs = {kOtherMac};
  EXPECT_FALSE(Hits(subject));
  subject.macs = {kOtherMac, kMac};
  EXPECT_TRUE(Hits(subject));
}

TEST_F(FaultsTest, TheNextFewAndEachNth) {
  Set(R"({"id":"n","when":{"next":2,"every":3},"do":{"ret_code":153}})");
  std::string seen;
  for (int i = 0; i < 12; ++i) seen += Hits(Allocate()) ? 'x' : '.';
  EXPECT_EQ(seen, "..x..x......");
  EXPECT_EQ(faults_.rules()[0].second.matched, 12u);
  EXPECT_EQ(faults_.rules()[0].second.hits, 2u);
}

TEST_F(FaultsTest, BetweenTimesSinceItWasSet) {
  Set(R"({"when":{"from_ms":10,"until_ms":20},"do":{"ret_code":153}})");
  EXPECT_FALSE(Hits(Allocate(), kNow + absl::Milliseconds(9)));
  EXPECT_TRUE(Hits(Allocate(), kNow + absl::Milliseconds(10)));
  EXPECT_TRUE(Hits(Allocate(), kNow + absl::Milliseconds(19)));
  EXPECT_FALSE(Hits(Allocate(), kNow + absl::Milliseconds(20)));
}

TEST_F(FaultsTest, ProbabilityIsAboutThatOften) {
  Set(R"({"when":{"probability":0.05},"do":{"ret_code":153}})");
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += Hits(Allocate()) ? 1 : 0;
  EXPECT_GT(hits, 400);
  EXPECT_LT(hits, 600);
}

std::string RunOf(uint64_t seed, bool with_other_rule) {
  Faults faults(seed);
  std::vector<std::string> rules = {
      R"({"id":"a","when":{"probability":0.3},
          "do":{"latency":{"distribution":"lognormal","median_ms":5,
                           "sigma":1}}})"};
  if (with_other_rule) {
    rules.emplace_back(R"({"id":"b","when":{"probability":0.5},
                           "do":{"failing":0.1}})");
  }
  for (const std::string& rule : rules) {
    auto read = FaultRuleFromJson(base::Json::Parse(rule).value());
    EXPECT_TRUE(faults.Set(*std::move(read), kNow).ok());
  }
  std::string run;
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(
        &run, absl::FormatDuration(faults.Judge(Allocate(), kNow).after), " ");
  }
  return run;
}

TEST_F(FaultsTest, TheSeedRepeatsARun) {
  EXPECT_EQ(RunOf(1, false), RunOf(1, false));
  EXPECT_NE(RunOf(1, false), RunOf(2, false));
}

TEST_F(FaultsTest, OneRuleDoesNotChangeAnothersDraws) {
  EXPECT_EQ(RunOf(1, false), RunOf(1, true));
}

TEST_F(FaultsTest, TheFirstOutcomeCountsAndLatenciesAddUp) {
  Set(R"({"id":"a","do":{"latency":{"distribution":"constant","ms":5}}})");
  Set(R"({"id":"b","do":{"latency":{"distribution":"constant","ms":7},
          "ret_code":110,"effect":"done"}})");
  Set(R"({"id":"c","do":{"latency":{"distribution":"constant","ms":1},
          "latency_at":"before","reset":"before"}})");
  const Verdict verdict = faults_.Judge(Allocate(), kNow);
  EXPECT_EQ(verdict.after, absl::Milliseconds(12));
  EXPECT_EQ(verdict.before, absl::Milliseconds(1));
  EXPECT_EQ(verdict.refusal->ret_code, 110);
  EXPECT_TRUE(verdict.takes_effect);
  EXPECT_FALSE(verdict.reset);
  EXPECT_THAT(verdict.hits, ElementsAre("a", "b", "c"));
}

TEST_F(FaultsTest, RefusedCallsHaveNoEffectUnlessSaid) {
  Set(R"({"id":"a","do":{"ret_code":150}})");
  EXPECT_FALSE(faults_.Judge(Allocate(), kNow).takes_effect);
  Set(R"({"id":"a","do":{"reset":"after"}})");
  EXPECT_TRUE(faults_.Judge(Allocate(), kNow).takes_effect);
  EXPECT_TRUE(faults_.Judge(Allocate(), kNow).reset);
  Set(R"({"id":"a","do":{"hang_ms":9}})");
  EXPECT_FALSE(faults_.Judge(Allocate(), kNow).takes_effect);
  EXPECT_EQ(faults_.Judge(Allocate(), kNow).hang, absl::Milliseconds(9));
}

TEST_F(FaultsTest, OnlyCallsWithATokenLoseIt) {
  Set(R"({"do":{"expire_token":true}})");
  Subject subject = Allocate();
  EXPECT_FALSE(Hits(subject));
  subject.has_token = true;
  EXPECT_TRUE(faults_.Judge(subject, kNow).expire_token);
}

TEST_F(FaultsTest, OutOfBandChangesAreAboutTheCallOrTheRule) {
  Set(R"({"id":"a","do":{"out_of_band":"vanish","count":2}})");
  Set(R"({"id":"b","match":{"subnet":"s"},"do":{"out_of_band":"allocate"}})");
  Subject subject = Describe();
  subject.subnet = "s";
  EXPECT_THAT(faults_.Judge(subject, kNow).out_of_band,
              ElementsAre(OutOfBand{OutOfBand::Kind::kVanish, 2, kMac, ""},
                          OutOfBand{OutOfBand::Kind::kAllocate, 1, kMac, "s"}));
}

TEST_F(FaultsTest, TheClockDrivesRulesWithAnInterval) {
  Set(R"({"match":{"mac":"52:54:00:00:00:01"},
          "when":{"interval_ms":100,"next":2},"do":{"out_of_band":"move"}})");
  EXPECT_FALSE(Hits(Allocate()));
  EXPECT_EQ(faults_.next_due(), kNow + absl::Milliseconds(100));
  EXPECT_THAT(faults_.Due(kNow + absl::Milliseconds(99)), IsEmpty());
  EXPECT_THAT(faults_.Due(kNow + absl::Milliseconds(100)),
              ElementsAre(OutOfBand{OutOfBand::Kind::kMove, 1, kMac, ""}));
  EXPECT_THAT(faults_.Due(kNow + absl::Milliseconds(150)), IsEmpty());
  EXPECT_EQ(faults_.Due(kNow + absl::Milliseconds(200)).size(), 1u);
  EXPECT_THAT(faults_.Due(kNow + absl::Milliseconds(300)), IsEmpty());
}

TEST_F(FaultsTest, RulesAreReplacedAndErasedById) {
  Set(R"({"id":"a","do":{"ret_code":150}})");
  EXPECT_TRUE(Hits(Allocate()));
  Set(R"({"id":"a","do":{"ret_code":153}})");
  ASSERT_EQ(faults_.rules().size(), 1u);
  EXPECT_EQ(faults_.rules()[0].second.hits, 0u);
  EXPECT_EQ(faults_.Judge(Allocate(), kNow).refusal->ret_code, 153);
  EXPECT_TRUE(faults_.Erase("a"));
  EXPECT_FALSE(faults_.Erase("a"));
  EXPECT_FALSE(Hits(Allocate()));
}

TEST_F(FaultsTest, RulesWithoutAnIdGetOne) {
  Set(R"({"id":"fault-2","do":{"failing":0.1}})");
  Set(R"({"do":{"failing":0.1}})");
  Set(R"({"do":{"failing":0.1}})");
  std::vector<std::string> ids;
  for (const auto& [rule, counts] : faults_.rules()) ids.push_back(rule.id);
  EXPECT_THAT(ids, ElementsAre("fault-1", "fault-2", "fault-3"));
}

TEST_F(FaultsTest, RulesAreBounded) {
  for (size_t i = 0; i < Faults::kMaxRules; ++i) {
    Set(R"({"do":{"failing":0.1}})");
  }
  auto one_more =
      FaultRuleFromJson(base::Json::Parse(R"({"do":{"failing":0.1}})").value());
  EXPECT_EQ(faults_.Set(*std::move(one_more), kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
}

struct Sample {
  double mean_ms = 0;
  double least_ms = 1e9;
  double most_ms = 0;
};

Sample DrawMany(const Latency& latency) {
  std::mt19937_64 random(1);
  constexpr int kDraws = 20000;
  Sample sample;
  for (int i = 0; i < kDraws; ++i) {
    const double ms = absl::ToDoubleMilliseconds(Draw(latency, random));
    sample.mean_ms += ms / kDraws;
    sample.least_ms = std::min(sample.least_ms, ms);
    sample.most_ms = std::max(sample.most_ms, ms);
  }
  return sample;
}

TEST(LatencyTest, HasItsShape) {
  const Sample constant = DrawMany({Latency::Shape::kConstant, 50});
  EXPECT_EQ(constant.least_ms, 50);
  EXPECT_EQ(constant.most_ms, 50);
  const Sample uniform = DrawMany({Latency::Shape::kUniform, 10, 90});
  EXPECT_NEAR(uniform.mean_ms, 50, 1);
  EXPECT_GE(uniform.least_ms, 10);
  EXPECT_LE(uniform.most_ms, 90);
  EXPECT_NEAR(DrawMany({Latency::Shape::kNormal, 50, 5}).mean_ms, 50, 1);
  EXPECT_NEAR(DrawMany({Latency::Shape::kExponential, 50}).mean_ms, 50, 2);
  // exp(s²/2) times the median; min·a/(a-1).
  EXPECT_NEAR(DrawMany({Latency::Shape::kLognormal, 50, 0.5}).mean_ms,
              50 * std::exp(0.125), 2);
  const Sample pareto = DrawMany({Latency::Shape::kPareto, 20, 3});
  EXPECT_GE(pareto.least_ms, 20);
  EXPECT_NEAR(pareto.mean_ms, 30, 2);
}

TEST(LatencyTest, IsNeverNegativeNorMoreThanItsMost) {
  EXPECT_EQ(DrawMany({Latency::Shape::kNormal, 0, 50}).least_ms, 0);
  EXPECT_EQ(DrawMany({Latency::Shape::kPareto, 20, 0.1, absl::Milliseconds(99)})
                .most_ms,
            99);
}

}  // namespace
}  // namespace applets::vpcsim
