#include "vpc/ucloud/environment.h"

#include <cstdlib>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Variables Parsed(absl::string_view text) {
  auto variables = ParseEnvironmentFile(text);
  EXPECT_TRUE(variables.ok()) << variables.status();
  return variables.value_or(Variables{});
}

TEST(ParseEnvironmentFileTest, ReadsTheExample) {
  const auto text =
      base::ReadFile("testdata/vpc/metadata/environment.env", 1 << 16);
  ASSERT_TRUE(text.ok()) << text.status();
  const Variables variables = Parsed(*text);
  const Environment environment = EnvironmentOf(variables);
  EXPECT_EQ(environment.endpoint, "http://api.service.ucloud.cn");
  EXPECT_EQ(environment.region, "cn-bj2");
  EXPECT_EQ(environment.project_id, "org-e1x4ya");
  EXPECT_EQ(environment.vpc_id, "uvnet-2fh7n4qe");
  EXPECT_EQ(environment.subnet_id, "subnet-5dk0w3mh");
  EXPECT_EQ(environment.cluster_id, "uk8s-h3c8zt5p");
  const auto keys = KeysOf(variables);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->public_key, "EXAMPLE-PUBLIC-90b2c7");
  EXPECT_TRUE(keys->private_key == R"(EXAMPLE-PRIVATE-"4f1b#0d6e$27c94a53)");
  EXPECT_EQ(keys->project_id, "org-e1x4ya");
  EXPECT_EQ(keys->security_token, "");
  EXPECT_EQ(keys->expires, absl::InfiniteFuture());
}

TEST(ParseEnvironmentFileTest, KnowsQuotesAndComments) {
  EXPECT_THAT(Parsed("a=1 # one\n"
                     "b=x#y\n"
                     "c='$HOME # \\ \"' # quoted\n"
                     "  d = \" \\\"\\\\\\$\\`\\n\"\r\n"
                     "e=\n"
                     "f= # nothing\n"
                     "g=two words \n"
                     "h=a=b"),
              UnorderedElementsAre(
                  Pair("a", "1"), Pair("b", "x#y"), Pair("c", "$HOME # \\ \""),
                  Pair("d", " \"\\$`\\n"), Pair("e", ""), Pair("f", ""),
                  Pair("g", "two words"), Pair("h", "a=b")));
}

TEST(ParseEnvironmentFileTest, ExportIsAWordBeforeTheNameOrAName) {
  EXPECT_THAT(Parsed("export a=1\nexport\tb=2\nexportc=3\nexport=4"),
              UnorderedElementsAre(Pair("a", "1"), Pair("b", "2"),
                                   Pair("exportc", "3"), Pair("export", "4")));
}

TEST(ParseEnvironmentFileTest, TheLastOfTwoCounts) {
  EXPECT_THAT(Parsed("a=1\na=2\n"), UnorderedElementsAre(Pair("a", "2")));
}

TEST(ParseEnvironmentFileTest, IgnoresWhatIsNoAssignment) {
  EXPECT_THAT(Parsed("\n# a=1\n;b=2\nexport\nc\n1d=3\n=4\ne f=5\nset -a\n"),
              IsEmpty());
}

TEST(ParseEnvironmentFileTest, NamesTheLineOfABrokenQuoteWithoutItsText) {
  for (const char* line : {"KEY=\"EXAMPLE", "KEY='EXAMPLE", "KEY=\"EXAMPLE\\\"",
                           "KEY='EXAMPLE' EXAMPLE", "KEY=\"EXAMPLE\"EXAMPLE"}) {
    const auto variables =
        ParseEnvironmentFile(std::string("a=1\n\n") + line + "\nb=2\n");
    EXPECT_TRUE(absl::IsInvalidArgument(variables.status())) << line;
    EXPECT_THAT(variables.status().message(), HasSubstr("line 3: "));
    EXPECT_THAT(variables.status().ToString(), Not(HasSubstr("EXAMPLE")));
  }
}

TEST(KeysOfTest, WantsBothHalvesOrNone) {
  EXPECT_TRUE(absl::IsNotFound(KeysOf({}).status()));
  const auto no_private = KeysOf({{"UCLOUD_API_PUBKEY", "EXAMPLE"}});
  EXPECT_TRUE(absl::IsInvalidArgument(no_private.status()));
  EXPECT_EQ(no_private.status().message(), "no UCLOUD_API_PRIKEY");
  const auto no_public =
      KeysOf({{"UCLOUD_API_PRIKEY", "EXAMPLE"}, {"UCLOUD_API_PUBKEY", ""}});
  EXPECT_TRUE(absl::IsInvalidArgument(no_public.status()));
  EXPECT_EQ(no_public.status().message(), "no UCLOUD_API_PUBKEY");
}

TEST(ProcessVariablesTest, HasOurOwnOnly) {
  ASSERT_EQ(setenv("UCLOUD_REGION_ID", "cn-bj2=x", 1), 0);
  ASSERT_EQ(setenv("OTHER_REGION_ID", "cn-sh2", 1), 0);
  const Variables variables = ProcessVariables();
  EXPECT_EQ(EnvironmentOf(variables).region, "cn-bj2=x");
  EXPECT_EQ(variables.count("OTHER_REGION_ID"), 0U);
}

}  // namespace
}  // namespace vpc::ucloud
