#include "applets/upgrade/version_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace applets::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(VersionOutputTest, OursIsRecognisedByItsProtocols) {
  const auto report = ParseVersionOutput(
      "CNI Version:    0.1.0\n"
      "CNI Protocols:  0.3.1, 0.4.0, 1.0.0\n"
      "Compiler:       g++ 12.2.0\n"
      "Build Time:     2023-11-24T02:49:00Z\n"
      "Git Commit ID:  3f2a-dirty\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->product, Product::kOurs);
  EXPECT_EQ(report->version->text(), "0.1.0");
  EXPECT_EQ(report->commit, "3f2a-dirty");
  EXPECT_THAT(report->protocols, ElementsAre("0.3.1", "0.4.0", "1.0.0"));
}

TEST(VersionOutputTest, Uk8sIsRecognisedByItsLanguage) {
  const auto report = ParseVersionOutput(
      "CNI Version: 1.3.0\nGo Version: go1.19.4\nGo OS/Arch: linux/amd64\n"
      "Build Time: 2024-06-19-CST/10:00:00\nGit Commit ID: 3f2a\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->product, Product::kUk8s);
  EXPECT_EQ(report->version->text(), "1.3.0");
  EXPECT_EQ(report->commit, "3f2a");
  EXPECT_THAT(report->protocols, IsEmpty());
}

TEST(VersionOutputTest, ReadsWhatALoggerPrinted) {
  const auto report = ParseVersionOutput(
      "I0712 11:02:17.240138   27311 main.go:33] CNI Version: 1.0.1\n"
      "I0712 11:02:17.240201   27311 main.go:34] Go Version: go1.17\n"
      "W0712 11:02:17.240207   27311 main.go:37] Git Commit ID: 77ab\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->product, Product::kUk8s);
  EXPECT_EQ(report->version->text(), "1.0.1");
  EXPECT_EQ(report->commit, "77ab");
}

TEST(VersionOutputTest, UnreleasedBuildHasATextAndNoVersion) {
  const auto report = ParseVersionOutput("CNI Version: dev-77ab12c\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->product, Product::kUnknown);
  EXPECT_EQ(report->text, "dev-77ab12c");
  EXPECT_FALSE(report->version.has_value());
}

TEST(VersionOutputTest, WithoutAVersionThereIsNoReport) {
  for (absl::string_view output :
       {"", "\n", "CNI Version:\n", "version 1.0.0\n", "CNI Version\n",
        "Usage: cnivpc\n", "CNI Version: \x1b[2J1.0.0\n", "I0712"}) {
    EXPECT_FALSE(ParseVersionOutput(output).ok()) << output;
  }
}

TEST(VersionOutputTest, FirstVersionCounts) {
  EXPECT_EQ(
      ParseVersionOutput("CNI Version: 1.0.0\nCNI Version: 2.0.0\n")->text,
      "1.0.0");
}

}  // namespace
}  // namespace applets::upgrade
