#include "applets/upgrade/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using Action = Options::Action;

Options Parse(const std::vector<std::string>& arguments) {
  const auto options = ParseOptions(arguments);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.value_or(Options());
}

void ExpectError(const std::vector<std::string>& arguments,
                 const std::string& message) {
  const auto options = ParseOptions(arguments);
  ASSERT_FALSE(options.ok()) << message;
  EXPECT_THAT(std::string(options.status().message()), HasSubstr(message));
}

TEST(OptionsTest, AFileIsInstalled) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--from=/tmp/x"},
        std::vector<std::string>{"--from", "/tmp/x"}}) {
    const Options options = Parse(arguments);
    EXPECT_EQ(options.action, Action::kUpgrade);
    EXPECT_EQ(options.source, "/tmp/x");
    EXPECT_FALSE(options.force);
    EXPECT_EQ(options.places.bin_dir, "/opt/cni/bin");
  }
}

TEST(OptionsTest, SelfIsTheProgramThatRuns) {
  EXPECT_EQ(Parse({"--self"}).source, "/proc/self/exe");
}

TEST(OptionsTest, ActionsAreTold) {
  EXPECT_EQ(Parse({"--rollback"}).action, Action::kRollback);
  EXPECT_EQ(Parse({"--resume"}).action, Action::kResume);
  EXPECT_EQ(Parse({"--status", "-o", "json"}).action, Action::kStatus);
  EXPECT_EQ(Parse({"--help"}).action, Action::kHelp);
  EXPECT_EQ(Parse({"--from=x", "-h"}).action, Action::kHelp);
}

TEST(OptionsTest, SwitchesAndFolders) {
  const Options options =
      Parse({"--self", "--force", "--dry-run", "--out_of_maintenance",
             "--bin-dir=/host/bin/", "--conf-dir", "/host/net.d",
             "--state-dir=/host/state", "--catalogue=c.json", "-o=json"});
  EXPECT_TRUE(options.force);
  EXPECT_TRUE(options.dry_run);
  EXPECT_TRUE(options.out_of_maintenance);
  EXPECT_EQ(options.places.bin_dir, "/host/bin");
  EXPECT_EQ(options.places.conf_dir, "/host/net.d");
  EXPECT_EQ(options.places.record(Kind::kUpgrade), "/host/state/upgrade.json");
  EXPECT_EQ(options.catalogue, "c.json");
  EXPECT_EQ(options.format, Options::Format::kJson);
}

TEST(OptionsTest, ASumIsTakenInEitherCase) {
  EXPECT_EQ(Parse({"--self", "--sha256=" + std::string(64, 'A')}).sha256,
            std::string(64, 'a'));
}

TEST(OptionsTest, WhatIsWrongIsNamed) {
  ExpectError({}, "say what to do");
  ExpectError({"--force"}, "say what to do");
  ExpectError({"x"}, "unexpected argument: x");
  ExpectError({"--frm=x"}, "there is no flag --frm");
  ExpectError({"--from"}, "--from needs FILE");
  ExpectError({"--from="}, "--from: needs a file");
  ExpectError({"--self=yes"}, "--self takes no value");
  ExpectError({"--self", "--rollback"}, "--self and --rollback: only one");
  ExpectError({"--self", "--sha256=12"}, "--sha256: must be 64");
  ExpectError({"--self", "-o", "xml"}, "--output: must be text or json");
  ExpectError({"--self", "--bin-dir=bin"}, "--bin-dir: must be an absolute");
  ExpectError({"--self", "--nodes=a"}, "needs --through");
  ExpectError({"--self", "--nodes=a", "--through=x", "--dry-run"}, "one node");
  ExpectError({"--rollback", "--nodes=a", "--through=x"}, "go with --from");
  ExpectError({"--self", "--fleet"}, "go with --from and --self");
  ExpectError({"--abort"}, "goes with --fleet");
  ExpectError({"--self", "--batch-size=101%"}, "--batch-size: must be");
  ExpectError({"--self", "--soak=soon"}, "--soak: must be a time");
  ExpectError({"--rollback", "--dry-run"}, "goes with --from and --self");
  ExpectError({"--status", "--sha256=" + std::string(64, 'a')}, "--rollback");
}

TEST(OptionsTest, UsageFitsATerminal) {
  std::istringstream lines(UsageText());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80) << line;
  }
}

TEST(OptionsTest, ManyNodes) {
  const Options options = Parse(
      {"--from=/tmp/x", "--nodes=node-a, node-b,", "--through", "ssh {}",
       "--canary=2", "--batch-size=10%", "--soak=30s", "--on-failure=stop"});
  EXPECT_TRUE(options.fleet.meant);
  EXPECT_THAT(options.fleet.nodes, testing::SizeIs(2));
  EXPECT_EQ(options.fleet.through, "ssh {}");
  EXPECT_EQ(options.fleet.canaries.Of(50), 2);
  EXPECT_EQ(options.fleet.batch_size.Of(50), 5);
  EXPECT_EQ(options.fleet.batch_size.Of(5), 1);
  EXPECT_EQ(options.fleet.max_failures.Of(5), 0);
  EXPECT_EQ(options.fleet.soak, absl::Seconds(30));
  EXPECT_TRUE(options.fleet.stop_only);
  EXPECT_EQ(Parse({"--fleet", "--abort"}).action, Action::kAbort);
}

TEST(OptionsTest, AQueryIsAboutManyNodes) {
  const auto options =
      ParseOptions({"--query", "--nodes=a,b", "--through=ssh {}"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->action, Options::Action::kQuery);
  EXPECT_EQ(options->fleet.nodes.size(), 2);
  EXPECT_FALSE(ParseOptions({"--query"}).ok());
  EXPECT_FALSE(ParseOptions({"--query", "--nodes=a"}).ok());
}

TEST(OptionsTest, ThePageIsServedForManyNodes) {
  const std::vector<std::string> serve = {"--serve=127.0.0.1:0", "--nodes=a",
                                          "--through=ssh {}", "--catalogue=c"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), serve.begin(), serve.end());
    return ParseOptions(more);
  };
  ASSERT_TRUE(with({}).ok()) << with({}).status();
  EXPECT_EQ(with({})->action, Options::Action::kServe);
  EXPECT_EQ(with({})->source, "/proc/self/exe");
  EXPECT_EQ(with({"--from=new"})->source, "new");
  EXPECT_EQ(with({"--tls-cert=c", "--tls-key=k"})->serve.tls_key, "k");
  EXPECT_EQ(with({"--serve-name=a.example,b"})->serve.names.size(), 2);
  EXPECT_FALSE(with({"--rollback"}).ok());
  EXPECT_FALSE(with({"--tls-cert=c"}).ok());
  EXPECT_FALSE(ParseOptions({"--serve=127.0.0.1:0"}).ok());
  const auto cluster =
      ParseOptions({"--serve=127.0.0.1:0", "--all", "--image=i:1"});
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  EXPECT_EQ(cluster->action, Options::Action::kServe);
  EXPECT_EQ(cluster->source, "");
  EXPECT_FALSE(ParseOptions({"--serve=127.0.0.1:0", "--all"}).ok());
  EXPECT_FALSE(
      ParseOptions({"--self", "--nodes=a", "--through=x", "--token-file=f"})
          .ok());
}

TEST(OptionsTest, ARunOverAClusterHasAnImage) {
  const Options options = Parse({"--all", "--image=i:1", "--run=job-7",
                                 "--max-failed-adds=25%", "--force"});
  EXPECT_EQ(options.action, Action::kUpgrade);
  EXPECT_TRUE(options.fleet.in_cluster());
  EXPECT_EQ(options.fleet.image, "i:1");
  EXPECT_EQ(options.fleet.run, "job-7");
  EXPECT_EQ(options.fleet.max_failed_adds, 25);
  EXPECT_TRUE(Parse({"--nodes=a", "--image=i:1"}).fleet.in_cluster());
  EXPECT_EQ(Parse({"--all", "--pause"}).action, Action::kPause);
  EXPECT_EQ(Parse({"--all", "--query", "--image=i:1"}).action, Action::kQuery);
  EXPECT_TRUE(Parse({"--kubeconfig=f", "--status"}).fleet.in_cluster());
}

TEST(OptionsTest, WhatMakesNoSenseInAClusterIsRefused) {
  ExpectError({"--all"}, "say what to do");
  ExpectError({"--image=i:1"}, "either --all or --nodes");
  ExpectError({"--all", "--nodes=a", "--image=i:1"}, "either --all or --nodes");
  ExpectError({"--all", "--self"}, "--image says what is installed");
  ExpectError({"--all", "--self", "--image=i:1"},
              "--image says what is installed");
  ExpectError({"--all", "--image=i:1", "--through=x"}, "--through");
  ExpectError({"--all", "--abort", "--image=i:1"}, "begin a run");
  ExpectError({"--all", "--query"}, "--image is needed");
  ExpectError({"--all", "--image=i:1", "--max-failed-adds=3"}, "0% to 100%");
  ExpectError({"--pause"}, "--pause goes with --fleet or --all");
  ExpectError({"--fleet", "--pause"}, "elsewhere Ctrl-C");
}

}  // namespace
}  // namespace applets::upgrade
