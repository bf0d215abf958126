#include "applets/upgrade/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/report.h"
#include "base/json.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

NodeStatus Status() {
  NodeStatus status;
  status.installed.artifact = {Artifact::Presence::kFile, "bb", "0.2.0"};
  status.previous.artifact = {Artifact::Presence::kFile, "aa", "0.1.0"};
  status.ipamd = NodeStatus::Ipamd{"0.1.9", "10.0.0.5"};
  upgrade::Run run;
  run.bin_dir = "/opt/cni/bin";
  run.wanted = {Artifact::Presence::kFile, "cc", "0.3.0"};
  run.steps = {Step::kInstall};
  run.phase = Phase::kUndone;
  run.reason = "smoke-test: no address";
  run.changed = absl::FromUnixSeconds(1000);
  status.last = run;
  return status;
}

TEST(QueryTest, WhatANodeTellsIsFound) {
  const Finding finding = FindingOf({.out = ToJson(Status())});
  EXPECT_TRUE(finding.reached);
  EXPECT_TRUE(finding.upgradable);
  EXPECT_EQ(finding.installed, Status().installed.artifact);
  EXPECT_EQ(finding.previous, Status().previous.artifact);
  EXPECT_EQ(finding.ipamd, "0.1.9");
  EXPECT_EQ(finding.address, "10.0.0.5");
  EXPECT_EQ(finding.problem, "");
  EXPECT_FALSE(finding.at_work);
}

TEST(QueryTest, HowTheLastRunWentIsFound) {
  const Finding finding = FindingOf({.out = ToJson(Status())});
  EXPECT_EQ(finding.last, Phase::kUndone);
  EXPECT_EQ(finding.last_wanted, "cc");
  EXPECT_EQ(finding.last_reason, "smoke-test: no address");
  EXPECT_EQ(finding.last_changed, absl::FromUnixSeconds(1000));
}

TEST(QueryTest, ANodeWithoutIpamdOrAnEarlierRunIsFound) {
  NodeStatus status = Status();
  status.ipamd.reset();
  status.last.reset();
  const Finding finding = FindingOf({.out = ToJson(status)});
  EXPECT_TRUE(finding.reached);
  EXPECT_EQ(finding.ipamd, "");
  EXPECT_EQ(finding.last, Phase::kDone);
}

TEST(QueryTest, ALastRunThatCantBeReadIsPassedOver) {
  std::string json = ToJson(Status());
  json.insert(json.find("\"schema\":1") + 9, "9");
  const Finding finding = FindingOf({.out = json});
  EXPECT_TRUE(finding.reached);
  EXPECT_EQ(finding.last, Phase::kDone);
}

TEST(QueryTest, WhatIsntThatAnswerSaysWhy) {
  const Finding finding = FindingOf(
      {.exit_status = 255, .err = "warning\nssh: connection refused\n"});
  EXPECT_FALSE(finding.reached);
  EXPECT_EQ(finding.problem, "exit status 255: ssh: connection refused");
  EXPECT_THAT(FindingOf({.out = "{}"}).problem, HasSubstr("installed"));
}

TEST(QueryTest, AnotherProgramSaysItsVersionAtLeast) {
  const Finding finding = FindingOfVersion(
      {.out = "CNI Version:    1.2.0\nGo Version: go1.19.4\n"});
  EXPECT_TRUE(finding.reached);
  EXPECT_FALSE(finding.upgradable);
  EXPECT_EQ(finding.installed.version, "1.2.0");
  EXPECT_THAT(finding.problem, HasSubstr("UK8S"));
  EXPECT_FALSE(FindingOfVersion({.exit_status = 127}).reached);
}

TEST(QueryTest, ANodeIsAskedThroughTheCommand) {
  const FleetMeans means = {
      .through = R"(printf {"installed":{"presence":"file","sha256":"{}",)"
                 R"("version":"1"}})",
      .bin_dir = "/opt/cni/bin"};
  EXPECT_EQ(QueryNode(means, "node-a").installed.sha256, "node-a");
  const Finding finding = QueryNode({.through = "no-such-program"}, "node-a");
  EXPECT_FALSE(finding.reached);
  EXPECT_THAT(finding.problem, HasSubstr("no-such-program"));
}

TEST(QueryTest, ATableShowsEachNodeAndHowManyHaveWhat) {
  const Finding silent = FindingOf({.exit_status = 255, .err = "no route"});
  const std::string text = ToText(
      {{"node-a", FindingOf({.out = ToJson(Status())})}, {"node-b", silent}});
  EXPECT_THAT(text,
              HasSubstr("node-a                   10.0.0.5        0.2.0 (bb)"));
  EXPECT_THAT(text, HasSubstr("exit status 255: no route\n"));
  EXPECT_THAT(text, HasSubstr("\n1 0.2.0 (bb), 1 no answer\n"));
}

TEST(QueryTest, ProgramsGetItToo) {
  const auto json = base::Json::Parse(
      ToJson({NodeFinding{"node-a", FindingOf({.out = ToJson(Status())})}}));
  ASSERT_TRUE(json.ok());
  const base::Json node = json->Array("nodes")->at(0);
  EXPECT_EQ(*node.String("node"), "node-a");
  EXPECT_EQ(*node.String("sha256"), "bb");
  EXPECT_EQ(*node.String("previous"), "0.1.0");
  EXPECT_EQ(*node.Bool("atWork", true), false);
}

}  // namespace
}  // namespace applets::upgrade
