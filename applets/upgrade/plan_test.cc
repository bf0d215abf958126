#include "applets/upgrade/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/algorithm/container.h"

namespace applets::upgrade {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Presence = Artifact::Presence;

constexpr char kConflist[] =
    R"({"cniVersion":"1.1.0","name":"n","plugins":[{"type":"cnivpc"}]})";

Facts Program(absl::string_view version, absl::string_view sha256) {
  Facts facts;
  facts.artifact = {Presence::kFile, std::string(sha256), std::string(version)};
  facts.report.emplace();
  facts.report->product = Product::kOurs;
  facts.report->text = std::string(version);
  facts.report->version = *Version::Parse(version);
  facts.report->protocols = {"0.4.0", "1.0.0", "1.1.0"};
  return facts;
}

Look LookAt(Facts installed, Facts wanted) {
  return {.installed = std::move(installed),
          .wanted = std::move(wanted),
          .network = Network{"/net.d/10.conflist", kConflist, "1.1.0"}};
}

Look Ordinary() {
  return LookAt(Program("0.1.0", "aa"), Program("0.2.0", "bb"));
}

Facts Damaged() {
  Facts facts;
  facts.artifact = {Presence::kFile, "cc", ""};
  facts.problem = "is cut short: it has 5 bytes and needs 9";
  return facts;
}

TEST(PlanTest, AnUpgradeTriesKeepsInstallsAndTriesAgain) {
  const Plan plan = MakePlan({.id = "7", .bin_dir = "/bin"}, Ordinary());
  ASSERT_TRUE(plan.run.has_value());
  EXPECT_THAT(plan.run->steps,
              ElementsAre(Step::kSelfTest, Step::kRehearse, Step::kKeep,
                          Step::kInstall, Step::kSmokeTest, Step::kFinish));
  EXPECT_EQ(plan.run->id, "7");
  EXPECT_EQ(plan.run->before.version, "0.1.0");
  EXPECT_EQ(plan.run->wanted.sha256, "bb");
  EXPECT_EQ(plan.run->network, "/net.d/10.conflist");
  EXPECT_FALSE(plan.run->lenient);
  EXPECT_FALSE(plan.run->change.has_value());
}

TEST(PlanTest, ADryRunOnlyTries) {
  const Plan plan = MakePlan({.kind = Kind::kDryRun}, Ordinary());
  EXPECT_THAT(plan.run->steps, ElementsAre(Step::kSelfTest, Step::kRehearse));
}

TEST(PlanTest, WhereNothingIsInstalledNothingIsKept) {
  const Plan plan = MakePlan({}, LookAt({}, Program("0.2.0", "bb")));
  EXPECT_THAT(plan.run->steps,
              ElementsAre(Step::kSelfTest, Step::kRehearse, Step::kInstall,
                          Step::kSmokeTest, Step::kFinish));
}

TEST(PlanTest, WithoutANetworkThereIsNothingToRehearse) {
  Look look = Ordinary();
  look.network.reset();
  const Plan plan = MakePlan({}, look);
  EXPECT_THAT(plan.run->steps, ElementsAre(Step::kSelfTest, Step::kKeep,
                                           Step::kInstall, Step::kFinish));
  EXPECT_THAT(plan.run->notes, Contains(HasSubstr("no network")));
}

TEST(PlanTest, TheSameBytesAreThereAlready) {
  const Look same = LookAt(Program("0.1.0", "aa"), Program("0.1.0", "aa"));
  const Plan plan = MakePlan({}, same);
  EXPECT_TRUE(plan.verdict.allowed());
  EXPECT_FALSE(plan.run.has_value());
  EXPECT_TRUE(MakePlan({.force = true}, same).run.has_value());
  EXPECT_TRUE(MakePlan({.kind = Kind::kDryRun}, same).run.has_value());
}

TEST(PlanTest, AnotherBuildOfTheSameVersionIsInstalled) {
  EXPECT_TRUE(
      MakePlan({}, LookAt(Program("0.1.0", "aa"), Program("0.1.0", "bb")))
          .run.has_value());
}

TEST(PlanTest, ALinkIsReplacedByAFileThoughItLeadsToTheSameBytes) {
  Look look = LookAt(Program("0.1.0", "aa"), Program("0.1.0", "aa"));
  look.installed.artifact.presence = Presence::kSymlink;
  EXPECT_TRUE(MakePlan({}, look).run.has_value());
}

TEST(PlanTest, ThePolicyIsAsked) {
  const Look down = LookAt(Program("0.2.0", "aa"), Program("0.1.0", "bb"));
  const Plan refused = MakePlan({}, down);
  EXPECT_FALSE(refused.run.has_value());
  EXPECT_EQ(refused.verdict.refusals[0].reason, Reason::kDowngrade);
  const Plan forced = MakePlan({.force = true}, down);
  ASSERT_TRUE(forced.run.has_value());
  EXPECT_TRUE(forced.run->lenient);
  EXPECT_THAT(forced.run->notes, Contains(HasSubstr("forced: 0.1.0 is older")));
}

TEST(PlanTest, ADamagedPluginIsReplacedOnlyByForceAndIsKept) {
  const Look look = LookAt(Damaged(), Program("0.2.0", "bb"));
  EXPECT_EQ(MakePlan({}, look).verdict.refusals[0].reason,
            Reason::kCurrentUnknown);
  const Plan forced = MakePlan({.force = true}, look);
  EXPECT_TRUE(forced.run->Has(Step::kKeep));
  EXPECT_THAT(forced.run->notes, Contains(HasSubstr("is cut short")));
}

TEST(PlanTest, ARollbackAsksNobodyAndIsLenient) {
  const Look down = LookAt(Program("0.2.0", "aa"), Program("0.1.0", "bb"));
  const Plan plan =
      MakePlan({.kind = Kind::kRollback, .out_of_maintenance = true}, down);
  ASSERT_TRUE(plan.run.has_value());
  EXPECT_TRUE(plan.run->lenient);
}

TEST(PlanTest, ARollbackToAnotherProductCannotBeTestedAlone) {
  Look look = Ordinary();
  look.wanted.report->product = Product::kUk8s;
  const Plan plan = MakePlan({.kind = Kind::kRollback}, look);
  EXPECT_FALSE(plan.run->Has(Step::kSelfTest));
  EXPECT_TRUE(plan.run->Has(Step::kRehearse));
}

TEST(PlanTest, ARollbackToADamagedVersionMustBeTriedOrForced) {
  Look look = LookAt(Program("0.2.0", "aa"), Damaged());
  EXPECT_TRUE(MakePlan({.kind = Kind::kRollback}, look).run.has_value());
  look.network.reset();
  EXPECT_FALSE(MakePlan({.kind = Kind::kRollback}, look).verdict.allowed());
  EXPECT_TRUE(
      MakePlan({.kind = Kind::kRollback, .force = true}, look).run.has_value());
}

TEST(PlanTest, ARollbackByForceIsntTried) {
  const Look down = LookAt(Program("0.2.0", "aa"), Program("0.1.0", "bb"));
  const Plan plan = MakePlan({.kind = Kind::kRollback, .force = true}, down);
  EXPECT_THAT(plan.run->steps,
              ElementsAre(Step::kKeep, Step::kInstall, Step::kFinish));
  EXPECT_THAT(plan.run->notes, Contains("forced: nothing was tried"));
}

TEST(PlanTest, TheConfigurationGoesDownBeforeThePluginThatNeedsIt) {
  Look look = LookAt(Program("0.2.0", "aa"), Program("0.3.0", "bb"));
  look.wanted.report->protocols = {"0.4.0", "1.0.0"};
  const Plan plan = MakePlan({}, look);
  ASSERT_TRUE(plan.run->change.has_value());
  EXPECT_EQ(plan.run->change->before, kConflist);
  EXPECT_THAT(plan.run->change->after, HasSubstr("\"cniVersion\": \"1.0.0\""));
  const auto configure = absl::c_find(plan.run->steps, Step::kConfigure);
  const auto install = absl::c_find(plan.run->steps, Step::kInstall);
  EXPECT_LT(configure, install);
  EXPECT_NE(install, plan.run->steps.end());
}

TEST(PlanTest, APluginThatSpeaksNothingTheNetworkCouldHaveIsRefused) {
  Look look = Ordinary();
  look.wanted.report->protocols = {"2.0.0"};
  for (const bool force : {false, true}) {
    const Plan plan = MakePlan({.force = force}, look);
    EXPECT_FALSE(plan.run.has_value());
    EXPECT_EQ(plan.verdict.refusals[0].reason, Reason::kProtocol);
  }
}

TEST(PlanTest, NotesOfTheLookAreKept) {
  Look look = Ordinary();
  look.notes = {"ipamd is a file of its own"};
  EXPECT_THAT(MakePlan({}, look).run->notes,
              Contains("ipamd is a file of its own"));
}

}  // namespace
}  // namespace applets::upgrade
