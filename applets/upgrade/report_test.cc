#include "applets/upgrade/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

Run RunIn(Phase phase) {
  upgrade::Run run;
  run.bin_dir = "/opt/cni/bin";
  run.before = {Artifact::Presence::kFile, "aa", "0.1.0"};
  run.wanted = {Artifact::Presence::kFile, "bb", "0.2.0"};
  run.steps = {Step::kInstall, Step::kSmokeTest};
  run.phase = phase;
  return run;
}

Run Failed() {
  upgrade::Run run = RunIn(Phase::kUndone);
  run.reason = "smoke-test: no address";
  run.notes = {"the old version is back and sets up pods"};
  return run;
}

base::Json Parse(const std::string& text) {
  const auto json = base::Json::Parse(text);
  EXPECT_TRUE(json.ok()) << json.status() << text;
  return *json;
}

TEST(ReportTest, HeadlineSaysFromWhatToWhat) {
  EXPECT_EQ(Headline(RunIn(Phase::kForward)),
            "upgrade of /opt/cni/bin/cnivpc from 0.1.0 to 0.2.0");
  upgrade::Run run = RunIn(Phase::kForward);
  run.kind = Kind::kRollback;
  run.before = {};
  run.wanted.version = "";
  EXPECT_EQ(Headline(run),
            "rollback of /opt/cni/bin/cnivpc from nothing to "
            "an unknown version");
}

TEST(ReportTest, TwoBuildsOfAVersionAreToldApartByTheirSums) {
  upgrade::Run run = RunIn(Phase::kForward);
  run.before.version = run.wanted.version;
  EXPECT_EQ(Headline(run),
            "upgrade of /opt/cni/bin/cnivpc from 0.2.0 (aa) to 0.2.0 (bb)");
}

TEST(ReportTest, AStepsLineSaysHowItWent) {
  upgrade::Run run = RunIn(Phase::kForward);
  EXPECT_EQ(StepLine(run, absl::Milliseconds(52), absl::OkStatus()),
            "  install     ok          52 ms\n");
  EXPECT_EQ(StepLine(run, absl::Milliseconds(52), absl::InternalError("no")),
            "  install     FAILED      52 ms  no\n");
  run.phase = Phase::kBack;
  EXPECT_EQ(StepLine(run, absl::Milliseconds(1), absl::OkStatus()),
            "  install     undone       1 ms\n");
}

TEST(ReportTest, ExitStatusTellsTheState) {
  EXPECT_EQ(ExitStatusOf(RunIn(Phase::kDone)), ExitStatus::kDone);
  EXPECT_EQ(ExitStatusOf(RunIn(Phase::kUndone)), ExitStatus::kFailed);
  EXPECT_EQ(ExitStatusOf(RunIn(Phase::kStuck)), ExitStatus::kStuck);
}

TEST(ReportTest, SummarySaysWhatIsInstalledNowAndWhatToDo) {
  EXPECT_THAT(Summary(RunIn(Phase::kDone)), HasSubstr("0.2.0 is installed"));
  EXPECT_THAT(Summary(RunIn(Phase::kDone)),
              HasSubstr("back to 0.1.0: cnivpc upgrade --rollback"));
  EXPECT_EQ(Summary(Failed()),
            "note: the old version is back and sets up pods\n"
            "Failed at smoke-test: no address\n"
            "0.1.0 is installed, as before.\n");
  EXPECT_THAT(Summary(RunIn(Phase::kStuck)),
              HasSubstr("stopped at install; to bring it to an end: cnivpc "
                        "upgrade --resume"));
  upgrade::Run dry = RunIn(Phase::kDone);
  dry.kind = Kind::kDryRun;
  EXPECT_EQ(Summary(dry), "0.2.0 would be installed; nothing was changed.\n");
}

TEST(ReportTest, AnAnswerToProgramsHasOutcomeAndRun) {
  const base::Json json = Parse(
      ToJson(Answer{.exit_status = ExitStatus::kFailed, .run = Failed()}));
  EXPECT_EQ(*json.String("outcome"), "failed");
  EXPECT_EQ(*json.Int("exitStatus"), 1);
  EXPECT_EQ(*json.Get("run")->String("reason"), "smoke-test: no address");
}

TEST(ReportTest, ARefusalToProgramsHasItsReasons) {
  Answer answer{.exit_status = ExitStatus::kRefused};
  answer.verdict.refusals = {{Reason::kDowngrade, "older"}};
  const base::Json json = Parse(ToJson(answer));
  EXPECT_EQ(*json.String("outcome"), "refused");
  const auto refusals = json.Array("refusals");
  EXPECT_EQ(*refusals->at(0).String("reason"), "downgrade");
  EXPECT_EQ(*refusals->at(0).String("text"), "older");
  EXPECT_EQ(Summary(answer.verdict), "refused: older\n");
}

TEST(ReportTest, NothingToDoIsUnchanged) {
  EXPECT_EQ(ToJson(Answer()), "{\"outcome\":\"unchanged\",\"exitStatus\":0}\n");
}

TEST(ReportTest, StatusOfANodeShowsWhatIsThereAndTheLastRun) {
  NodeStatus status;
  status.installed.artifact = {Artifact::Presence::kFile, "bb", "0.2.0"};
  EXPECT_EQ(ToText(status),
            "installed  0.2.0, SHA-256 bb\nprevious   nothing\n");
  status.last = Failed();
  EXPECT_THAT(ToText(status), HasSubstr("undone\nreason: smoke-test: no addr"));
  EXPECT_EQ(*Parse(ToJson(status)).Get("last")->String("phase"), "undone");
}

TEST(ReportTest, StatusOfANodeShowsTheDaemonThatAnswers) {
  NodeStatus status;
  status.ipamd = NodeStatus::Ipamd{"0.1.9", "10.0.0.5"};
  EXPECT_THAT(ToText(status), HasSubstr("ipamd      0.1.9\n"));
  EXPECT_EQ(*Parse(ToJson(status)).Get("ipamd")->String("address"), "10.0.0.5");
}

TEST(ReportTest, AnUnfinishedRunIsSomebodysOrIsToBeResumed) {
  NodeStatus status;
  status.last = RunIn(Phase::kForward);
  EXPECT_THAT(ToText(status), HasSubstr("--resume"));
  status.at_work = true;
  EXPECT_THAT(ToText(status), testing::Not(HasSubstr("--resume")));
  EXPECT_THAT(ToText(status), HasSubstr("An upgrade is at work."));
}

TEST(ReportTest, ABriefAnswerFitsATerminationMessageAndIsReadAlike) {
  upgrade::Run run;
  run.phase = Phase::kUndone;
  run.reason = std::string(100000, '\x01');
  run.before.version = "0.1.0";
  run.change = ConfigChange{std::string(9000, 'a'), std::string(9000, 'b')};
  const std::string text = ToBriefJson(Answer{
      .exit_status = ExitStatus::kFailed,
      .run = run,
      .health = IpamdHealth{.why = std::string(9000, 'x'), .adds = {9, 1}}});
  EXPECT_LE(text.size(), kMaxBriefBytes);
  const auto json = base::Json::Parse(text);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json->String("outcome"), "failed");
  EXPECT_EQ(*json->String("version"), "0.1.0");
  EXPECT_EQ(ReadIpamdHealth(*json->Get("health"))->adds, (AddCounts{9, 1}));
}

TEST(ReportTest, ABriefRefusalSaysWhy) {
  Answer answer{.exit_status = ExitStatus::kRefused};
  answer.verdict.refusals.push_back({.text = "older"});
  const auto json = base::Json::Parse(ToBriefJson(answer));
  EXPECT_EQ(*json->String("error"), "refused: older");
}

TEST(ReportTest, AStatusTellsWhoAsksAndHowIpamdIs) {
  NodeStatus status;
  status.own = {.sha256 = "bb", .version = "0.2.0"};
  status.health = IpamdHealth{.ready = true};
  status.last = upgrade::Run();
  const auto json = base::Json::Parse(ToBriefJson(status));
  EXPECT_EQ(*json->Get("own")->String("sha256"), "bb");
  EXPECT_TRUE(ReadIpamdHealth(*json->Get("health"))->ready);
  EXPECT_FALSE(json->Find("last"));
}

}  // namespace
}  // namespace applets::upgrade
