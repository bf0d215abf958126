#include "applets/ctl/parse.h"

#include <vector>

#include "absl/strings/str_cat.h"
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
            "unknown command \"describe\"; there is get, pool, status, why, "
            "events, pop, push, release, gc, bundle, version, completion, "
            "help");
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
  EXPECT_EQ(ProblemOf("get"), "get what? There is node, pool, pod, unuse");
  EXPECT_EQ(ProblemOf("get -o json"),
            "get what? There is node, pool, pod, unuse");
}

TEST(ParseTest, AFlagWithoutACommandAsksForOne) {
  EXPECT_EQ(
      ProblemOf("-o json"),
      "which command? There is get, pool, status, why, events, pop, push, "
      "release, gc, bundle, version, completion, help");
}

TEST(ParseTest, AnotherNodesPoolCanBeRead) {
  EXPECT_EQ(ParseLine("get pod -n node-7")->node, "node-7");
  EXPECT_EQ(ParseLine("pool list --node=10.0.0.7:7312")->node, "10.0.0.7:7312");
  EXPECT_EQ(ProblemOf("get pod -n="), "-n \"\": must be a node");
  EXPECT_EQ(ProblemOf("pop node-7 -n node-7"), "pop takes no -n");
}

TEST(ParseTest, AnOperatorNamesTheNodeAndPerhapsAnAddress) {
  const Options pop = *ParseLine("pop node-7 10.0.0.5");
  EXPECT_EQ(pop.action, Action::kPop);
  EXPECT_EQ(pop.target, "node-7");
  EXPECT_EQ(pop.address, base::Ipv4::Parse("10.0.0.5").value());
  EXPECT_EQ(ParseLine("push node-7")->address, std::nullopt);
  EXPECT_TRUE(ParseLine("release node-7 --yes")->yes);
  EXPECT_TRUE(ParseLine("release -y node-7")->yes);
  EXPECT_EQ(ProblemOf("pop"), "pop on which node? cnivpctl pop NODE [IP]");
  EXPECT_EQ(ProblemOf("pop 10.0.0.5"),
            "pop: the node comes first: cnivpctl pop NODE 10.0.0.5");
  EXPECT_EQ(ProblemOf("pop node-7 web"), "pop: not an IPv4 address: \"web\"");
  EXPECT_EQ(ProblemOf("pop a 10.0.0.5 b"), "pop: unexpected \"b\"");
}

TEST(ParseTest, ASubjectIsAPodOrAnAddress) {
  EXPECT_EQ(ParseLine("why 10.0.0.5")->address,
            base::Ipv4::Parse("10.0.0.5").value());
  EXPECT_EQ(ParseLine("why shop/web-1")->pod, (base::Pod{"shop", "web-1", ""}));
  EXPECT_EQ(ParseLine("events web-1")->pod,
            (base::Pod{"default", "web-1", ""}));
  EXPECT_EQ(ParseLine("get pod web-1")->pod,
            (base::Pod{"default", "web-1", ""}));
  EXPECT_EQ(ParseLine("events")->pod, std::nullopt);
  EXPECT_EQ(ProblemOf("why"), "why what? cnivpctl why POD|IP");
  for (const absl::string_view wrong : {"/web", "shop/", "a/b/c", "/"}) {
    EXPECT_EQ(ProblemOf(absl::StrCat("why ", wrong)),
              absl::StrCat("why: \"", wrong,
                           "\" is neither an IP nor NAMESPACE/NAME"));
  }
}

TEST(ParseTest, WhatAsksTheVpcWaitsLonger) {
  EXPECT_EQ(ParseLine("get unuse")->timeout, kVpcTimeout);
  EXPECT_EQ(ParseLine("release a")->timeout, kVpcTimeout);
  EXPECT_EQ(ParseLine("release a --timeout 1s")->timeout, absl::Seconds(1));
  EXPECT_EQ(ParseLine("pop a")->timeout, absl::Seconds(5));
}

TEST(ParseTest, EventsCanBeFollowedFromATimeOn) {
  const Options options = *ParseLine("events -f --since 10m -o json");
  EXPECT_TRUE(options.follow);
  EXPECT_EQ(options.since, absl::Minutes(10));
  EXPECT_EQ(ParseLine("events")->since, absl::InfiniteDuration());
  EXPECT_THAT(ProblemOf("events --since yesterday"),
              HasSubstr("--since \"yesterday\": must be a time"));
}

TEST(ParseTest, TheRest) {
  EXPECT_EQ(ParseLine("get node")->action, Action::kGetNode);
  EXPECT_EQ(ParseLine("get unused")->action, Action::kGetUnused);
  EXPECT_EQ(ParseLine("status")->action, Action::kStatus);
  EXPECT_TRUE(ParseLine("gc --dry-run")->dry_run);
  EXPECT_EQ(ParseLine("bundle")->subject, "");
  EXPECT_EQ(ParseLine("bundle -")->subject, "-");
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
  EXPECT_EQ(ProblemOf("get pod web-0 web-1"), "get pod: unexpected \"web-1\"");
  EXPECT_EQ(ProblemOf("status web-0"), "status: unexpected \"web-0\"");
  EXPECT_EQ(ProblemOf("completion bash zsh"), "completion: unexpected \"zsh\"");
  EXPECT_EQ(ProblemOf("gc -- -o"), "gc: unexpected \"-o\"");
  EXPECT_EQ(ProblemOf("gc -"), "gc: unexpected \"-\"");
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
