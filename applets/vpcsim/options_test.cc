#include "applets/vpcsim/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace applets::vpcsim {
namespace {

using ::testing::HasSubstr;

std::string Problem(const std::vector<std::string>& arguments) {
  return std::string(ParseOptions(arguments).status().message());
}

TEST(OptionsTest, ASubnetIsEnough) {
  const auto options = ParseOptions({"--subnet=10.0.0.0/16"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->subnet->ToString(), "10.0.0.0/16");
  EXPECT_EQ(options->listen[0].ToString(), "127.0.0.1:18080");
  EXPECT_EQ(options->hosts, 3);
  EXPECT_EQ(options->seed, 1u);
  EXPECT_FALSE(options->fabric);
}

TEST(OptionsTest, ReadsEveryFlag) {
  const auto options = ParseOptions(
      {"--state", "s.json", "--listen=1.2.3.4:5,6.7.8.9:10",
       "--metadata-listen=1.1.1.1:80=uhost-1,1.1.1.1:81",
       "-inspect_listen=1.1.1.1:82", "--host=uhost-2", "--persist=p",
       "--seed=7", "--faults=f.json", "--keys=a:b,c:d", "--sts-life=30s",
       "--fabric", "--fabric-lag=2s", "--hosts=9"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->state, "s.json");
  EXPECT_EQ(options->listen[1].ToString(), "6.7.8.9:10");
  EXPECT_EQ(options->metadata_listen[0].host, "uhost-1");
  EXPECT_EQ(options->metadata_listen[0].endpoint.ToString(), "1.1.1.1:80");
  EXPECT_EQ(options->metadata_listen[1].host, "");
  EXPECT_EQ(options->inspect_listen[0].ToString(), "1.1.1.1:82");
  EXPECT_EQ(options->host, "uhost-2");
  EXPECT_EQ(options->persist, "p");
  EXPECT_EQ(options->seed, 7u);
  EXPECT_EQ(options->faults, "f.json");
  EXPECT_EQ(options->keys[1].public_key, "c");
  EXPECT_EQ(options->sts_life, absl::Seconds(30));
  EXPECT_TRUE(options->fabric);
  EXPECT_EQ(options->fabric_lag, absl::Seconds(2));
  EXPECT_EQ(options->hosts, 9);
}

TEST(OptionsTest, ErrorsNameTheFlag) {
  EXPECT_EQ(Problem({"--listen=x"}), "--listen: \"x\" isn't ADDRESS:PORT");
  EXPECT_THAT(Problem({"--subnet=10.0.0.1/16"}), HasSubstr("--subnet: "));
  EXPECT_EQ(Problem({"--hosts=-1"}), "--hosts: must be from 0 to 100000");
  EXPECT_EQ(Problem({"--seed=x"}), "--seed: must be a whole number");
  EXPECT_EQ(Problem({"--keys=a"}), "--keys: must be PUBLIC:PRIVATE");
  EXPECT_EQ(Problem({"--sts-life=soon"}),
            "--sts-life: must be a time such as 30s or 500ms");
  EXPECT_EQ(Problem({"--fly"}), "there is no flag --fly");
  EXPECT_EQ(Problem({"--seed"}), "--seed needs N");
  EXPECT_EQ(Problem({"fly"}), "unexpected argument: fly");
}

TEST(OptionsTest, ACloudMustBeDescribedOnce) {
  EXPECT_THAT(Problem({}), HasSubstr("--state=FILE or --subnet=CIDR"));
  EXPECT_THAT(Problem({"--state=s", "--subnet=10.0.0.0/16"}),
              HasSubstr("not together with --state"));
  EXPECT_TRUE(ParseOptions({"--help"})->help);
}

TEST(OptionsTest, UsageFitsATerminal) {
  for (const absl::string_view line : absl::StrSplit(UsageText(), '\n')) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace
}  // namespace applets::vpcsim
