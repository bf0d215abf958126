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
  ExpectError({"--rollback", "--dry-run"}, "go with --from and --self");
}

TEST(OptionsTest, UsageFitsATerminal) {
  std::istringstream lines(UsageText());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80) << line;
  }
}

}  // namespace
}  // namespace applets::upgrade
