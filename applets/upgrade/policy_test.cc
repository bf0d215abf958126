#include "applets/upgrade/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"

namespace applets::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Reason kReasons[] = {Reason::kNotOurs,        Reason::kNotLts,
                               Reason::kCurrentUnknown, Reason::kCurrentForeign,
                               Reason::kWantedUnknown,  Reason::kUncatalogued,
                               Reason::kDowngrade,      Reason::kTainted};

VersionReport Ours(absl::string_view version) {
  VersionReport report;
  report.product = Product::kOurs;
  report.text = std::string(version);
  if (auto parsed = Version::Parse(version); parsed.ok()) {
    report.version = *std::move(parsed);
  }
  return report;
}

Situation FromTo(absl::string_view current, absl::string_view wanted) {
  return {.installed = true, .current = Ours(current), .wanted = Ours(wanted)};
}

std::vector<Reason> ReasonsOf(const std::vector<Objection>& objections) {
  std::vector<Reason> reasons;
  for (const Objection& objection : objections) {
    reasons.push_back(objection.reason);
  }
  return reasons;
}

std::vector<Reason> RefusalsOf(const Situation& situation) {
  return ReasonsOf(Judge(situation).refusals);
}

// Refused for `reason`, and with --force not.
void ExpectForceable(Situation situation, Reason reason) {
  EXPECT_THAT(RefusalsOf(situation), ElementsAre(reason));
  situation.force = true;
  const Verdict verdict = Judge(situation);
  EXPECT_TRUE(verdict.allowed());
  EXPECT_THAT(ReasonsOf(verdict.overruled), ElementsAre(reason));
}

// Refused for `reason`, with and without --force.
void ExpectFinal(Situation situation, Reason reason) {
  for (const bool force : {false, true}) {
    situation.force = force;
    EXPECT_THAT(RefusalsOf(situation), ElementsAre(reason));
  }
}

TEST(PolicyTest, ANewerVersionIsWelcome) {
  EXPECT_TRUE(Judge(FromTo("1.2.3", "1.3.0")).allowed());
  EXPECT_TRUE(Judge(FromTo("22.05.1", "1.0.0")).allowed());
}

TEST(PolicyTest, TheSameVersionMayBeInstalledAgain) {
  EXPECT_TRUE(Judge(FromTo("1.3.0", "1.3.0")).allowed());
}

TEST(PolicyTest, AnythingMayComeToANodeThatHasNothing) {
  EXPECT_TRUE(Judge({.wanted = Ours("0.1.0")}).allowed());
}

TEST(PolicyTest, DowngradeNeedsForce) {
  ExpectForceable(FromTo("1.3.0", "1.2.3"), Reason::kDowngrade);
  ExpectForceable(FromTo("1.0.0", "22.05.1"), Reason::kDowngrade);
}

TEST(PolicyTest, UnknownInstalledVersionNeedsForce) {
  ExpectForceable({.installed = true, .wanted = Ours("1.3.0")},
                  Reason::kCurrentUnknown);
  ExpectForceable(FromTo("dev-77ab", "1.3.0"), Reason::kCurrentUnknown);
}

TEST(PolicyTest, ARefusalSaysWhyTheInstalledVersionCantBeTold) {
  const Verdict verdict = Judge({.installed = true,
                                 .current_problem = "is for aarch64",
                                 .wanted = Ours("1.3.0")});
  EXPECT_THAT(verdict.refusals[0].text, HasSubstr("is for aarch64"));
}

TEST(PolicyTest, UnknownWantedVersionNeedsForce) {
  ExpectForceable(FromTo("1.2.3", "dev-77ab"), Reason::kWantedUnknown);
}

TEST(PolicyTest, VersionOutsideTheCatalogueNeedsForce) {
  Situation situation = FromTo("1.2.3", "1.3.0");
  situation.uncatalogued = true;
  ExpectForceable(situation, Reason::kUncatalogued);
}

TEST(PolicyTest, TaintedNodeNeedsForce) {
  Situation situation = FromTo("1.2.3", "1.3.0");
  situation.tainted = true;
  ExpectForceable(situation, Reason::kTainted);
}

TEST(PolicyTest,
     AnotherProductIsReplacedOnlyByForceAndItsVersionIsNotCompared) {
  Situation situation = FromTo("1.3.0", "0.2.0");
  situation.current->product = Product::kUk8s;
  ExpectForceable(situation, Reason::kCurrentForeign);
}

TEST(PolicyTest, AnotherProductIsNeverInstalled) {
  Situation situation = FromTo("1.2.3", "1.3.0");
  situation.wanted.product = Product::kUk8s;
  ExpectFinal(situation, Reason::kNotOurs);
}

TEST(PolicyTest, ClusterOutOfMaintenanceGetsLtsOnlyWhateverIsForced) {
  Situation situation = FromTo("1.0.2", "1.3.0");
  situation.out_of_maintenance = true;
  ExpectFinal(situation, Reason::kNotLts);
  situation.wanted = Ours("1.0.3-lts");
  EXPECT_TRUE(Judge(situation).allowed());
}

TEST(PolicyTest, MaintainedClusterMayHaveLtsToo) {
  EXPECT_TRUE(Judge(FromTo("1.0.2", "1.0.3-lts")).allowed());
}

TEST(PolicyTest, ForceDoesNotCarryAnUnknownVersionPastTheLtsRule) {
  Situation situation = FromTo("1.0.2", "dev-77ab");
  situation.out_of_maintenance = situation.force = true;
  EXPECT_THAT(RefusalsOf(situation), ElementsAre(Reason::kNotLts));
}

TEST(PolicyTest, LtsOlderThanWhatIsInstalledIsADowngrade) {
  Situation situation = FromTo("1.2.3", "1.0.3-lts");
  situation.out_of_maintenance = true;
  ExpectForceable(situation, Reason::kDowngrade);
}

TEST(PolicyTest, AllObjectionsAreTold) {
  Situation situation = FromTo("dev-1", "dev-2");
  situation.out_of_maintenance = situation.tainted = true;
  EXPECT_THAT(RefusalsOf(situation),
              ElementsAre(Reason::kNotLts, Reason::kWantedUnknown,
                          Reason::kCurrentUnknown, Reason::kTainted));
}

TEST(PolicyTest, EachObjectionSaysWhatToDo) {
  Situation everything = FromTo("dev-1", "dev-2");
  everything.current->product = Product::kUk8s;
  everything.wanted.product = Product::kUk8s;
  everything.out_of_maintenance = everything.tainted = true;
  Situation downgrade = FromTo("1.3.0", "1.2.0");
  downgrade.uncatalogued = true;
  std::vector<Objection> objections = Judge(everything).refusals;
  absl::c_copy(Judge(downgrade).refusals, std::back_inserter(objections));
  EXPECT_EQ(objections.size(), std::size(kReasons));
  for (const Objection& objection : objections) {
    const bool says_force = absl::StrContains(objection.text, "--force");
    EXPECT_EQ(says_force, IsForceable(objection.reason)) << objection.text;
    EXPECT_THAT(objection.text, testing::ContainsRegex("[:;] "));
  }
}

TEST(PolicyTest, EachReasonHasANameOfItsOwn) {
  std::vector<absl::string_view> names;
  for (const Reason reason : kReasons) {
    EXPECT_THAT(ToString(reason), testing::Not(IsEmpty()));
    EXPECT_FALSE(absl::c_linear_search(names, ToString(reason)));
    names.push_back(ToString(reason));
  }
}

}  // namespace
}  // namespace applets::upgrade
