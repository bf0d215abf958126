#include "applets/cni/plugin.h"

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "applets/cni/fake_leasing.h"
#include "applets/cni/spec_version.h"
#include "base/json.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

using Variables = std::map<std::string, std::string>;

Variables Call(const std::string& verb) {
  return {{"CNI_COMMAND", verb},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/nowhere"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_PATH", "/opt/cni/bin"}};
}

std::string ConfigOf(absl::string_view version, absl::string_view more = "") {
  return absl::StrCat(R"({"cniVersion":")", version,
                      R"(","name":"net","type":"cnivpc")", more, "}");
}

TEST(VersionTest, ListsWhatWeSpeakAndRepeatsTheVersion) {
  FakeNode node;
  const Outcome outcome = CallPlugin({{"CNI_COMMAND", "VERSION"}},
                                     R"({"cniVersion":"0.4.0"})", node);
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out,
            R"({"cniVersion":"0.4.0","supportedVersions":["0.1.0","0.2.0",)"
            R"("0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]})"
            "\n");
  EXPECT_EQ(outcome.log, "");
}

TEST(VersionTest, NeedsNoInputAndTakesAny) {
  FakeNode node;
  for (const char* input : {"", "{nonsense", "[]", R"({"cniVersion":"99.0.0"})",
                            R"({"cniVersion":7})", "{}"}) {
    const Outcome outcome =
        CallPlugin({{"CNI_COMMAND", "VERSION"}}, input, node);
    EXPECT_EQ(outcome.exit_status, 0) << input;
    EXPECT_EQ(TextIn(outcome, "cniVersion"), "1.1.0") << input;
  }
}

TEST(PluginTest, AnErrorHasTheVersionOfTheConfiguration) {
  FakeNode node;
  Variables variables = Call("ADD");
  variables.erase("CNI_CONTAINERID");
  const Outcome outcome = CallPlugin(variables, ConfigOf("0.3.1"), node);
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(
      outcome.out,
      R"({"cniVersion":"0.3.1","code":4,"msg":"CNI_CONTAINERID: missing"})"
      "\n");
}

TEST(PluginTest, AnErrorAboutTheVersionItselfHasTheNewest) {
  FakeNode node;
  const Outcome outcome = CallPlugin(Call("ADD"), ConfigOf("99.0.0"), node);
  EXPECT_EQ(CodeIn(outcome), 1);
  EXPECT_EQ(TextIn(outcome, "cniVersion"), "1.1.0");
  EXPECT_TRUE(absl::StrContains(TextIn(outcome, "details"), "0.3.1, 0.4.0"));
}

TEST(PluginTest, NonsenseIsUndecodable) {
  FakeNode node;
  EXPECT_EQ(CodeIn(CallPlugin(Call("ADD"), "{nonsense", node)), 6);
  EXPECT_EQ(CodeIn(CallPlugin(Call("DEL"), "", node)), 6);
}

TEST(PluginTest, TheEnvironmentComesFirst) {
  FakeNode node;
  EXPECT_EQ(CodeIn(CallPlugin(Call("NONSENSE"), "{nonsense", node)), 4);
  EXPECT_EQ(CodeIn(CallPlugin({}, "", node)), 4);
}

TEST(PluginTest, StdinThatFailsIsAnIoError) {
  FakeNode node;
  FakeLeasing leasing(node);
  const Variables variables = Call("ADD");
  const Invocation invocation = {
      .getenv = [&](const char* name) -> const char* {
        const auto it = variables.find(name);
        return it == variables.end() ? nullptr : it->second.c_str();
      },
      .read_stdin = []() -> absl::StatusOr<std::string> {
        return absl::ResourceExhaustedError("more than 4194304 bytes");
      },
      .now = absl::UnixEpoch,
      .started_at = absl::ZeroDuration()};
  const Outcome outcome = cni::Run(invocation, leasing);
  EXPECT_EQ(CodeIn(outcome), 5);
  EXPECT_EQ(TextIn(outcome, "details"), "more than 4194304 bytes");
}

TEST(PluginTest, VerbsNeedTheVersionTheyCameWith) {
  const std::map<std::string, SpecVersion> first = {
      {"CHECK", SpecVersion::k040},
      {"GC", SpecVersion::k110},
      {"STATUS", SpecVersion::k110}};
  FakeNode node;
  for (const auto& [verb, since] : first) {
    for (const SpecVersion version : kSpecVersions) {
      const Outcome outcome =
          CallPlugin(Call(verb), ConfigOf(ToString(version)), node);
      EXPECT_EQ(CodeIn(outcome) == 1, version < since)
          << verb << " " << outcome.out;
    }
  }
}

TEST(PluginTest, AFailureIsLoggedInALine) {
  FakeNode node;
  const Outcome outcome = CallPlugin(
      Call("ADD"), ConfigOf("1.0.0", R"(,"logFile":"/tmp/l")"), node);
  EXPECT_EQ(outcome.log_file, "/tmp/l");
  EXPECT_TRUE(absl::StartsWith(
      outcome.log,
      "2023-11-24T03:00:00.000Z ERROR verb=ADD network=net container=c1 "
      "ifname=eth0 netns=/run/netns/nowhere code=4 msg=\"CNI_NETNS: "))
      << outcome.log;
}

TEST(PluginTest, ABrokenConfigurationIsLoggedWhereItSays) {
  FakeNode node;
  EXPECT_EQ(CallPlugin(Call("ADD"), R"({"logFile":"/tmp/l"})", node).log_file,
            "/tmp/l");
  EXPECT_EQ(CallPlugin(Call("ADD"), R"({"logFile":""})", node).log_file, "");
  EXPECT_EQ(CallPlugin(Call("ADD"), "{nonsense", node).log_file,
            "/var/log/cnivpc.log");
}

TEST(AddTest, WhatWeCannotDoIsRefusedBeforeALeaseIsTaken) {
  FakeNode node;
  EXPECT_EQ(CodeIn(CallPlugin(Call("ADD"),
                              ConfigOf("1.0.0", R"(,"ipMasq":true)"), node)),
            2);
  EXPECT_EQ(
      CodeIn(CallPlugin(Call("ADD"),
                        ConfigOf("1.0.0", R"(,"prevResult":{"ips":7})"), node)),
      7);
  EXPECT_EQ(CodeIn(CallPlugin(Call("ADD"), ConfigOf("1.0.0"), node)), 4);
  EXPECT_TRUE(node.acquired.empty());
}

TEST(CheckTest, NeedsAPrevResult) {
  FakeNode node;
  const Outcome outcome = CallPlugin(Call("CHECK"), ConfigOf("1.0.0"), node);
  EXPECT_EQ(CodeIn(outcome), 7);
  EXPECT_EQ(TextIn(outcome, "details"), "prevResult: missing");
}

TEST(StatusTest, IsSilentWhenAnAddCouldSucceed) {
  FakeNode node;
  const Outcome outcome =
      CallPlugin({{"CNI_COMMAND", "STATUS"}}, ConfigOf("1.1.0"), node);
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, "");
}

TEST(StatusTest, SaysWhyAnAddCouldNotSucceed) {
  const std::map<std::string, absl::Status> faults = {
      {"Ready", absl::ResourceExhaustedError("no address")},
      {"Open", absl::DeadlineExceededError("ipamd is silent")}};
  for (const auto& [call, status] : faults) {
    FakeNode node;
    node.faults[call] = status;
    const Outcome outcome = CallPlugin(Call("STATUS"), ConfigOf("1.1.0"), node);
    EXPECT_EQ(CodeIn(outcome), 50);
    EXPECT_EQ(TextIn(outcome, "details"), status.message());
  }
}

TEST(StatusTest, SaysThatExistingPodsSufferToo) {
  FakeNode node;
  node.faults["Ready"] = absl::FailedPreconditionError("eth0 is down");
  EXPECT_EQ(CodeIn(CallPlugin(Call("STATUS"), ConfigOf("1.1.0"), node)), 51);
}

TEST(StatusTest, DoesNotWaitLong) {
  FakeNode node;
  CallPlugin(Call("STATUS"), ConfigOf("1.1.0", R"(,"timeout":60)"), node);
  EXPECT_EQ(node.timeout, absl::Seconds(3));
  CallPlugin(Call("STATUS"), ConfigOf("1.1.0", R"(,"timeout":1)"), node);
  EXPECT_EQ(node.timeout, absl::Seconds(1));
}

TEST(StatusTest, TellsOfAConfigurationThatNoAddWouldTake) {
  FakeNode node;
  EXPECT_EQ(
      CodeIn(CallPlugin(Call("STATUS"),
                        ConfigOf("1.1.0", R"(,"ipam":{"type":"x"})"), node)),
      2);
}

constexpr char kValid[] =
    R"(,"cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"}])";

TEST(GcTest, PassesOnWhatIsValid) {
  FakeNode node;
  const Outcome outcome =
      CallPlugin(Call("GC"), ConfigOf("1.1.0", kValid), node);
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(node.gc_request.network, "net");
  EXPECT_EQ(node.gc_request.valid,
            (std::vector<base::Attachment>{{"net", "c1", "eth0"}}));
}

TEST(GcTest, ReportsAllErrorsTogether) {
  FakeNode node;
  node.gc_reply.errors = {"net/a/eth0: busy", "net/b/eth0: busy too"};
  const Outcome outcome =
      CallPlugin(Call("GC"), ConfigOf("1.1.0", kValid), node);
  EXPECT_EQ(CodeIn(outcome), 106);
  EXPECT_EQ(TextIn(outcome, "details"),
            "net/a/eth0: busy; net/b/eth0: busy too");
}

TEST(GcTest, WithoutAListNothingIsCollected) {
  FakeNode node;
  EXPECT_EQ(CodeIn(CallPlugin(Call("GC"), ConfigOf("1.1.0"), node)), 7);
  EXPECT_EQ(node.gc_request.network, "");
}

}  // namespace
}  // namespace applets::cni
