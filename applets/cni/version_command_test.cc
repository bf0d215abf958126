#include "applets/cni/version_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace applets::cni {
namespace {

using ::testing::HasSubstr;
using Arguments = std::vector<absl::string_view>;

constexpr base::BuildInfo kInfo = {.version = "1.2.3",
                                   .commit = "0123456789ab",
                                   .build_time = "2023-01-02T03:04:05Z",
                                   .compiler = "g++ 12.2.0"};

TEST(VersionCommandTest, TextHasTheLinesThatUsersKnow) {
  EXPECT_EQ(FormatVersion(kInfo, VersionFormat::kText),
            "CNI Version:    1.2.3\n"
            "CNI Protocols:  0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n"
            "Compiler:       g++ 12.2.0\n"
            "Build Time:     2023-01-02T03:04:05Z\n"
            "Git Commit ID:  0123456789ab\n");
}

TEST(VersionCommandTest, JsonSaysTheSame) {
  EXPECT_EQ(
      FormatVersion(kInfo, VersionFormat::kJson),
      R"({"version":"1.2.3","protocols":["0.1.0","0.2.0","0.3.0","0.3.1",)"
      R"("0.4.0","1.0.0","1.1.0"],"compiler":"g++ 12.2.0",)"
      R"("buildTime":"2023-01-02T03:04:05Z","gitCommit":"0123456789ab"})"
      "\n");
}

TEST(VersionCommandTest, TextIsTheDefault) {
  EXPECT_EQ(*ParseVersionArguments({}), VersionFormat::kText);
}

TEST(VersionCommandTest, TakesTheFormatInEachSpelling) {
  for (const Arguments& arguments :
       {Arguments{"-o", "json"}, Arguments{"-o=json"},
        Arguments{"--output", "json"}, Arguments{"--output=json"}}) {
    EXPECT_EQ(*ParseVersionArguments(arguments), VersionFormat::kJson);
  }
}

TEST(VersionCommandTest, AnotherFormatIsAnErrorThatNamesIt) {
  EXPECT_EQ(ParseVersionArguments(Arguments{"-o", "yaml"}).status().message(),
            "-o \"yaml\": must be text or json");
}

TEST(VersionCommandTest, MissingFormatIsAnError) {
  EXPECT_THAT(ParseVersionArguments(Arguments{"-o"}).status().message(),
              HasSubstr("needs a value"));
}

TEST(VersionCommandTest, AnotherArgumentIsAnErrorThatNamesIt) {
  for (const Arguments& arguments :
       {Arguments{"now"}, Arguments{"-o", "json", "now"},
        Arguments{"-o=json", "now"}}) {
    EXPECT_EQ(ParseVersionArguments(arguments).status().message(),
              "unexpected argument \"now\"");
  }
}

}  // namespace
}  // namespace applets::cni
