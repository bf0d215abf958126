#include "applets/ctl/parse.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::HasSubstr;

absl::StatusOr<Options> ParseLine(absl::string_view line) {
  const std::vector<std::string> arguments =
      absl::StrSplit(line, ' ', absl::SkipEmpty());
  return Parse(arguments);
}

std::string ProblemOf(absl::string_view line) {
  const auto options = ParseLine(line);
  if (options.ok()) return "no problem";
  EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(options.status().message());
}

TEST(ParseTest, KnowsEveryCommand) {
  EXPECT_EQ(ParseLine("get pool")->action, Action::kGetPool);
  EXPECT_EQ(ParseLine("get pod")->action, Action::kGetPod);
  EXPECT_EQ(ParseLine("pool list")->action, Action::kPoolList);
  EXPECT_EQ(ParseLine("version")->action, Action::kVersion);
  EXPECT_EQ(ParseLine("completion zsh")->action, Action::kCompletion);
  EXPECT_EQ(ParseLine("help")->action, Action::kHelp);
}

TEST(ParseTest, PluralsAreUnderstood) {
  EXPECT_EQ(ParseLine("get pods")->action, Action::kGetPod);
  EXPECT_EQ(ParseLine("get pools")->action, Action::kGetPool);
}

TEST(ParseTest, WithoutFlagsTheDefaultsHold) {
  const Options options = *ParseLine("get pod");
  EXPECT_EQ(options.format, Format::kText);
  EXPECT_TRUE(options.headers);
  EXPECT_EQ(options.socket, "/run/cni-vpc-ipamd.sock");
  EXPECT_EQ(options.timeout, absl::Seconds(5));
}

TEST(ParseTest, AFlagMayBeSpelledInAnyUsualWay) {
  for (const absl::string_view line :
       {"get pod -o json", "get pod -ojson", "get pod -o=json",
        "get pod --output json", "get pod --output=json", "-o json get pod",
        "get -o json pod", "get pod -o yaml -o json"}) {
    const auto options = ParseLine(line);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->format, Format::kJson) << line;
    EXPECT_EQ(options->action, Action::kGetPod) << line;
  }
}

TEST(ParseTest, ReadsAllFlags) {
  const Options options = *ParseLine(
      "pool list --socket /tmp/s --timeout=1m30s --no-headers -o wide");
  EXPECT_EQ(options.socket, "/tmp/s");
  EXPECT_EQ(options.timeout, absl::Seconds(90));
  EXPECT_FALSE(options.headers);
  EXPECT_EQ(options.format, Format::kWide);
}

TEST(ParseTest, HelpIsAskedForInManyWays) {
  for (const absl::string_view line : {"", "help", "--help", "-h"}) {
    EXPECT_EQ(ParseLine(line)->action, Action::kHelp) << line;
    EXPECT_EQ(ParseLine(line)->subject, "") << line;
  }
  EXPECT_EQ(ParseLine("get --help")->subject, "get");
  EXPECT_EQ(ParseLine("help get")->subject, "get");
  EXPECT_EQ(ParseLine("help get pools")->subject, "get pool");
  EXPECT_EQ(ParseLine("get pool -o json --help")->subject, "get pool");
  EXPECT_EQ(ParseLine("completion --help")->subject, "completion");
  EXPECT_EQ(ProblemOf("help gett"),
            "unknown command \"gett\"; did you mean \"get\"?");
}

TEST(ParseTest, AnUnknownCommandComesWithTheNearest) {
  EXPECT_EQ(ProblemOf("gte pod"),
            "unknown command \"gte\"; did you mean \"get\"?");
  EXPECT_EQ(ProblemOf("get pol"),
            "unknown command after \"get\": \"pol\"; did you mean \"pool\"?");
  EXPECT_EQ(ProblemOf("describe"),
            "unknown command \"describe\"; there is get, pool, version, "
            "completion, help");
}

TEST(ParseTest, AnUnknownFlagComesWithTheNearest) {
  EXPECT_EQ(ProblemOf("get pod --sokcet=/s"),
            "unknown flag \"--sokcet\"; did you mean \"--socket\"?");
  EXPECT_EQ(ProblemOf("get pod -socket /s"),
            "unknown flag \"-socket\"; did you mean \"--socket\"?");
  EXPECT_EQ(ProblemOf("--version"),
            "unknown flag \"--version\"; did you mean \"version\"?");
  EXPECT_THAT(ProblemOf("get pod -x"), HasSubstr("unknown flag \"-x\"; there"));
}

TEST(ParseTest, AGroupAloneSaysWhatIsInIt) {
  EXPECT_EQ(ProblemOf("get"), "get what? There is pool, pod");
  EXPECT_EQ(ProblemOf("get -o json"), "get what? There is pool, pod");
}

TEST(ParseTest, AFlagWithoutACommandAsksForOne) {
  EXPECT_EQ(ProblemOf("-o json"),
            "which command? There is get, pool, version, completion, help");
}

TEST(ParseTest, ANodeIsRefusedForNow) {
  EXPECT_EQ(ProblemOf("get pod -n node-7"),
            "-n isn't in this release, which asks the ipamd of its own node "
            "only: run cnivpctl on node-7");
  EXPECT_THAT(ProblemOf("pool list --node=node-7"),
              HasSubstr("--node isn't in this release"));
}

TEST(ParseTest, CommandsThatUsersKnowAreNotInThisReleaseYet) {
  for (const std::string line :
       {"get node", "get unuse", "pop", "push", "release", "gc"}) {
    EXPECT_EQ(ProblemOf(line), "\"" + line + "\" isn't in this release");
  }
  EXPECT_THAT(ProblemOf("pop node-7 10.0.0.5"), HasSubstr("\"pop\""));
}

TEST(ParseTest, FormatsAreTheCommands) {
  EXPECT_EQ(ParseLine("version -o json")->format, Format::kJson);
  EXPECT_EQ(ParseLine("version -o text")->format, Format::kText);
  EXPECT_EQ(ProblemOf("version -o wide"),
            "-o \"wide\": must be one of text, json");
  EXPECT_EQ(ProblemOf("get pod --output xml"),
            "--output \"xml\": must be one of wide, json, yaml");
}

TEST(ParseTest, AFlagThatTheCommandDoesNotTakeIsRefused) {
  EXPECT_EQ(ProblemOf("version --socket /s"), "version takes no --socket");
}

TEST(ParseTest, AFlagWithoutItsValueIsRefused) {
  EXPECT_EQ(ProblemOf("get pod -o"), "-o needs a value: FORMAT");
  EXPECT_EQ(ProblemOf("get pod --socket"), "--socket needs a value: PATH");
  EXPECT_EQ(ProblemOf("get pod --socket="), "--socket \"\": must be a path");
  EXPECT_EQ(ProblemOf("get pod --no-headers=false"),
            "--no-headers takes no value");
}

TEST(ParseTest, ATimeoutHasAUnitAndALimit) {
  EXPECT_EQ(ParseLine("get pod --timeout 1h")->timeout, kMaxTimeout);
  EXPECT_EQ(ProblemOf("get pod --timeout 5"),
            "--timeout \"5\": must be a time such as 500ms, 5s or 1m30s, more "
            "than 0 and at most 1h");
  for (const absl::string_view wrong : {"0", "-1s", "2h", "inf", "soon"}) {
    EXPECT_THAT(ProblemOf(absl::StrCat("get pod --timeout ", wrong)),
                HasSubstr("must be a time such as"));
  }
}

TEST(ParseTest, ExtraWordsAreRefused) {
  EXPECT_EQ(ProblemOf("get pod web-0"), "get pod: unexpected \"web-0\"");
  EXPECT_EQ(ProblemOf("completion bash zsh"), "completion: unexpected \"zsh\"");
  EXPECT_EQ(ProblemOf("get pod -- -o"), "get pod: unexpected \"-o\"");
  EXPECT_EQ(ProblemOf("get pod -"), "get pod: unexpected \"-\"");
}

TEST(ParseTest, CompletionNeedsAShellItKnows) {
  EXPECT_EQ(ParseLine("completion bash")->subject, "bash");
  EXPECT_EQ(ProblemOf("completion"), "completion for which shell? bash or zsh");
  EXPECT_EQ(ProblemOf("completion fish"),
            "completion \"fish\": must be bash or zsh");
}

TEST(ParseTest, AnEmptyWordIsUnknown) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{""}, {"", "get"}, {"help", ""}}) {
    EXPECT_THAT(Parse(arguments).status().message(),
                HasSubstr("unknown command \"\""));
  }
}

}  // namespace
}  // namespace applets::ctl
