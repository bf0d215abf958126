#include "applets/upgrade/run.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace applets::upgrade {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kLater = kStart + absl::Milliseconds(1500);
const absl::Status kFailure = absl::InternalError("it broke");

const std::vector<Step> kSteps = {Step::kSelfTest,  Step::kRehearse,
                                  Step::kKeep,      Step::kInstall,
                                  Step::kSmokeTest, Step::kFinish};

Run NewRun() {
  upgrade::Run run;
  run.id = "1";
  run.bin_dir = "/opt/cni/bin";
  run.before = {Artifact::Presence::kFile, "aa", "0.1.0"};
  run.wanted = {Artifact::Presence::kFile, "bb", "0.2.0"};
  run.network = "/etc/cni/net.d/10-cnivpc.conflist";
  run.steps = kSteps;
  run.started = run.changed = kStart;
  return run;
}

// A run that has come to `step`.
Run RunAt(Step step) {
  upgrade::Run run = NewRun();
  while (run.steps[run.at] != step) {
    run = Advance(std::move(run), absl::OkStatus(), kLater);
  }
  return run;
}

// The steps that are undone, in that order, if all goes well.
std::vector<Step> UndoneBy(Run run) {
  std::vector<Step> undone;
  while (run.phase == Phase::kBack) {
    undone.push_back(run.steps[run.at]);
    run = Advance(std::move(run), absl::OkStatus(), kLater);
  }
  EXPECT_EQ(run.phase, Phase::kUndone);
  return undone;
}

TEST(RunTest, GoesThroughAllStepsInOrder) {
  upgrade::Run run = NewRun();
  std::vector<Step> taken;
  while (run.phase == Phase::kForward) {
    taken.push_back(run.steps[run.at]);
    run = Advance(std::move(run), absl::OkStatus(), kLater);
  }
  EXPECT_EQ(taken, kSteps);
  EXPECT_EQ(run.phase, Phase::kDone);
  EXPECT_FALSE(run.unfinished());
  EXPECT_EQ(run.changed, kLater);
}

TEST(RunTest, AFailureAnywhereUndoesAllFromThereInReverse) {
  for (size_t i = 0; i < kSteps.size(); ++i) {
    const upgrade::Run run = Advance(RunAt(kSteps[i]), kFailure, kLater);
    EXPECT_EQ(run.phase, Phase::kBack);
    EXPECT_EQ(run.reason, absl::StrCat(ToString(kSteps[i]), ": it broke"));
    const std::vector<Step> expected(kSteps.rend() - static_cast<long>(i) - 1,
                                     kSteps.rend());
    EXPECT_EQ(UndoneBy(run), expected);
  }
}

TEST(RunTest, OnlyTheStepThatFailedWasNotCompleted) {
  upgrade::Run run = Advance(RunAt(Step::kSmokeTest), kFailure, kLater);
  EXPECT_FALSE(run.was_completed());
  run = Advance(std::move(run), absl::OkStatus(), kLater);
  EXPECT_EQ(run.steps[run.at], Step::kInstall);
  EXPECT_TRUE(run.was_completed());
}

TEST(RunTest, WhatCannotBeUndoneIsStuckAndTriedAgain) {
  upgrade::Run run = Advance(RunAt(Step::kSmokeTest), kFailure, kLater);
  run = Advance(std::move(run), absl::OkStatus(), kLater);
  run = Advance(std::move(run), absl::InternalError("no room"), kLater);
  EXPECT_EQ(run.phase, Phase::kStuck);
  EXPECT_TRUE(run.unfinished());
  EXPECT_EQ(run.notes.back(), "install can't be undone: no room");
  EXPECT_EQ(run.reason, "smoke-test: it broke");

  run = Recover(std::move(run), kLater);
  EXPECT_EQ(run.phase, Phase::kBack);
  EXPECT_EQ(run.steps[run.at], Step::kInstall);
  EXPECT_EQ(UndoneBy(run).size(), 4);
}

TEST(RunTest, AnUpgraderThatDiesBeforeTheInstallationIsUndone) {
  for (const Step step : {Step::kSelfTest, Step::kRehearse, Step::kKeep}) {
    const upgrade::Run run = Recover(RunAt(step), kLater);
    EXPECT_EQ(run.phase, Phase::kBack) << ToString(step);
    EXPECT_TRUE(run.resumed);
    EXPECT_FALSE(run.was_completed());
  }
}

TEST(RunTest, AnUpgraderThatDiesFromTheInstallationOnIsFollowed) {
  for (const Step step : {Step::kInstall, Step::kSmokeTest, Step::kFinish}) {
    const upgrade::Run run = Recover(RunAt(step), kLater);
    EXPECT_EQ(run.phase, Phase::kForward) << ToString(step);
    EXPECT_EQ(run.steps[run.at], step);
    EXPECT_TRUE(run.resumed);
  }
}

TEST(RunTest, AnUpgraderThatDiesOnTheWayBackIsFollowedBack) {
  const upgrade::Run run = Advance(RunAt(Step::kFinish), kFailure, kLater);
  EXPECT_EQ(Recover(run, kLater).phase, Phase::kBack);
  EXPECT_EQ(Recover(run, kLater).at, run.at);
}

TEST(RunTest, AFinishedRunIsLeftAlone) {
  const upgrade::Run done =
      Advance(RunAt(Step::kFinish), absl::OkStatus(), kStart);
  EXPECT_EQ(Recover(done, kLater), done);
}

TEST(RunTest, ReachedTellsWhetherAStepMayHaveBeenTaken) {
  EXPECT_FALSE(RunAt(Step::kKeep).Reached(Step::kInstall));
  EXPECT_TRUE(RunAt(Step::kInstall).Reached(Step::kInstall));
  upgrade::Run run = Advance(RunAt(Step::kSmokeTest), kFailure, kLater);
  while (run.phase == Phase::kBack) {
    EXPECT_TRUE(run.Reached(Step::kInstall));
    run = Advance(std::move(run), absl::OkStatus(), kLater);
  }
  EXPECT_TRUE(run.Reached(Step::kInstall));
  EXPECT_FALSE(run.Reached(Step::kFinish));
  EXPECT_FALSE(run.Reached(Step::kConfigure));
}

TEST(RunTest, IsReadAsItWasWritten) {
  upgrade::Run run = Advance(RunAt(Step::kSmokeTest), kFailure, kLater);
  run.kind = Kind::kRollback;
  run.change = {"{\"a\": \"\\u0000\"}", "after"};
  run.lenient = run.excused = run.resumed = true;
  run.notes = {"one", "\xc3\xa4"};
  const auto read = ParseRun(ToJson(run));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, run);
}

TEST(RunTest, AFinishedRunIsReadAsItWasWritten) {
  const upgrade::Run run =
      Advance(RunAt(Step::kFinish), absl::OkStatus(), kLater);
  EXPECT_EQ(*ParseRun(ToJson(run)), run);
}

TEST(RunTest, ALaterFormatIsNotGuessedAt) {
  const std::string text =
      absl::StrReplaceAll(ToJson(NewRun()), {{"\"schema\":1", "\"schema\":2"}});
  EXPECT_EQ(ParseRun(text).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(RunTest, WhatCannotBeIsRefused) {
  const std::pair<const char*, const char*> changes[] = {
      {"\"at\":0", "\"at\":6"},
      {"\"at\":0", "\"at\":-1"},
      {"\"self-test\"", "\"dance\""},
      {"\"forward\"", "\"sideways\""},
      {"\"kind\":\"upgrade\"", ""},
      {"\"turnedAt\":0", "\"turnedAt\":7"},
      {"\"presence\":\"file\"", "\"presence\":\"pipe\""}};
  for (const auto& [from, to] : changes) {
    const std::string text =
        absl::StrReplaceAll(ToJson(NewRun()), {{from, to}});
    EXPECT_EQ(ParseRun(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << to;
  }
}

}  // namespace
}  // namespace applets::upgrade
