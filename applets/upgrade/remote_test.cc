#include "applets/upgrade/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using Task = FleetTask::Kind;
using Answered = FleetAnswer::Kind;

Fleet OneNode() {
  Fleet fleet{.wanted = "bb"};
  fleet.means = {.through = "ssh -n  root@{}",
                 .program = "/root/cnivpc",
                 .bin_dir = "/opt/cni/bin",
                 .conf_dir = "/etc/cni/net.d"};
  fleet.nodes.push_back({.name = "node-a", .before = "aa"});
  return fleet;
}

std::string CommandOf(const Fleet& fleet, Task kind) {
  return absl::StrJoin(RemoteCommand(fleet, {kind, 0}), " ");
}

constexpr char kFolders[] =
    " --bin-dir=/opt/cni/bin --conf-dir=/etc/cni/net.d --output=json";

TEST(RemoteTest, ATaskIsACommandOnTheNode) {
  Fleet fleet = OneNode();
  const std::string begin = "ssh -n root@node-a /opt/cni/bin/cnivpc upgrade ";
  EXPECT_EQ(CommandOf(fleet, Task::kLook), begin + "--status" + kFolders);
  EXPECT_EQ(CommandOf(fleet, Task::kCheck), begin + "--check" + kFolders);
  EXPECT_EQ(CommandOf(fleet, Task::kReturn),
            begin + "--rollback --sha256=aa" + kFolders);
  EXPECT_EQ(CommandOf(fleet, Task::kUpgrade),
            begin + "--from=- --sha256=bb" + kFolders);
  fleet.means.force = fleet.means.out_of_maintenance = true;
  EXPECT_EQ(
      CommandOf(fleet, Task::kUpgrade),
      begin + "--from=- --sha256=bb --force --out-of-maintenance" + kFolders);
}

TEST(RemoteTest, AnOutcomeIsAnAnswer) {
  const std::pair<const char*, Answered> outcomes[] = {
      {"done", Answered::kOk},       {"unchanged", Answered::kOk},
      {"failed", Answered::kFailed}, {"refused", Answered::kFailed},
      {"stuck", Answered::kStuck},   {"busy", Answered::kNothing},
      {"?", Answered::kNothing}};
  for (const auto& [outcome, kind] : outcomes) {
    const Ended ended{.out = absl::StrCat("{\"outcome\": \"", outcome, "\"}")};
    EXPECT_EQ(AnswerOf(OneNode(), Task::kUpgrade, ended).kind, kind) << outcome;
  }
}

TEST(RemoteTest, AnAnswerSaysWhyItWasntDone) {
  const auto text = [](const char* out) {
    return AnswerOf(OneNode(), Task::kUpgrade, {.out = out}).text;
  };
  EXPECT_EQ(text(R"({"outcome": "failed", "run": {"reason": "no room"}})"),
            "no room");
  EXPECT_EQ(text(R"({"outcome": "refused", "refusals": [{"text": "older"}]})"),
            "refused: older");
  EXPECT_EQ(text(R"({"outcome": "busy", "error": "at work"})"), "at work");
}

TEST(RemoteTest, TheStatusHasTheSum) {
  const FleetAnswer answer = AnswerOf(
      OneNode(), Task::kLook, {.out = R"({"installed": {"sha256": "aa"}})"});
  EXPECT_EQ(answer.kind, Answered::kOk);
  EXPECT_EQ(answer.sha256, "aa");
  EXPECT_EQ(AnswerOf(OneNode(), Task::kLook, {.out = "{}"}).kind,
            Answered::kNothing);
}

TEST(RemoteTest, WhateverElseIsSaidIsNoAnswer) {
  const FleetAnswer answer = AnswerOf(
      OneNode(), Task::kUpgrade,
      {.exit_status = 255, .err = "warning\nssh: connection refused\n"});
  EXPECT_EQ(answer.kind, Answered::kNothing);
  EXPECT_EQ(answer.text, "exit status 255: ssh: connection refused");
}

TEST(RemoteTest, ACommandIsRunAndItsAnswerRead) {
  Fleet fleet = OneNode();
  fleet.means.through = R"(printf {"installed":{"sha256":"{}"}})";
  EXPECT_EQ(RunRemote(fleet, {Task::kLook, 0}).sha256, "node-a");
  fleet.means.through = "no-such-program";
  const FleetAnswer answer = RunRemote(fleet, {Task::kLook, 0});
  EXPECT_EQ(answer.kind, Answered::kNothing);
  EXPECT_THAT(answer.text, HasSubstr("no-such-program"));
}

TEST(RemoteTest, ALookTellsTheVersionAndHowIpamdIs) {
  const Ended ended{.out =
                        R"({"installed": {"sha256": "aa", "version": "0.1.0"},
          "own": {"sha256": "bb", "version": "0.2.0"},
          "health": {"ready": true, "adds": {"all": 7, "failed": 1}}})"};
  FleetAnswer answer = AnswerOf(OneNode(), Task::kLook, ended);
  EXPECT_EQ(answer.version, "0.1.0");
  EXPECT_EQ(answer.wanted, "") << "it gets the program through stdin";
  ASSERT_TRUE(answer.health);
  EXPECT_EQ(answer.health->adds, (AddCounts{7, 1}));
  Fleet fleet = OneNode();
  fleet.means.image = "i:1";
  EXPECT_EQ(AnswerOf(fleet, Task::kLook, ended).wanted, "bb");
  const Ended silent{.out = R"({"installed": {"sha256": "aa"}})"};
  EXPECT_EQ(AnswerOf(fleet, Task::kLook, silent).kind, Answered::kNothing);
}

TEST(RemoteTest, AnImageInstallsItself) {
  Fleet fleet = OneNode();
  fleet.means.image = "i:1";
  EXPECT_EQ(absl::StrJoin(NodeCommand(fleet, {Task::kUpgrade, 0}), " "),
            absl::StrCat("upgrade --self --sha256=bb", kFolders));
}

}  // namespace
}  // namespace applets::upgrade
