#include "kube/config.h"

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() { EXPECT_TRUE(base::MakeDirectories(folder_).ok()); }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(
        base::WriteFileAtomically(absl::StrCat(folder_, "/", name), text).ok());
  }
  PodSurroundings Pod(const std::string& host) const {
    return {
        .service_host = host, .service_port = "443", .account_folder = folder_};
  }

  const std::string folder_ = absl::StrCat(
      testing::TempDir(), "/config_test.", getpid(), ".",
      testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ConfigTest, APodUsesItsServiceAccount) {
  Write("token", "opensesame\n");
  Write("namespace", "kube-system\n");
  const auto config = InCluster(Pod("10.96.0.1"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, (Config{.server = "https://10.96.0.1:443",
                             .authority = {.file = folder_ + "/ca.crt"},
                             .token_file = folder_ + "/token",
                             .default_namespace = "kube-system"}));
}

TEST_F(ConfigTest, AnIpv6ServiceStandsInBrackets) {
  Write("token", "t");
  EXPECT_EQ(InCluster(Pod("fd00::1"))->server, "https://[fd00::1]:443");
}

TEST_F(ConfigTest, WhatIsNoPodIsNotInACluster) {
  EXPECT_EQ(InCluster({}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const absl::Status no_account = InCluster(Pod("10.96.0.1")).status();
  EXPECT_EQ(no_account.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(no_account.message()), HasSubstr("/token"));
}

TEST_F(ConfigTest, ATokenIsReadAnewEachTime) {
  Write("token", "first\n");
  const Config config = {.token_file = folder_ + "/token"};
  EXPECT_EQ(*CurrentToken(config), "first");
  Write("token", "second\n");
  EXPECT_EQ(*CurrentToken(config), "second");
}

TEST_F(ConfigTest, WithoutItsFileTheTokenOfTheConfigCounts) {
  Config config = {.token_file = folder_ + "/nowhere"};
  EXPECT_EQ(CurrentToken(config).status().code(),
            absl::StatusCode::kFailedPrecondition);
  config.token = "written";
  EXPECT_EQ(*CurrentToken(config), "written");
  EXPECT_EQ(*CurrentToken({}), "");
}

TEST_F(ConfigTest, AnEmptyTokenIsNone) {
  Write("token", " \n");
  EXPECT_EQ(CurrentToken({.token_file = folder_ + "/token"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ConfigTest, AKubeconfigsErrorsNameIt) {
  Write("config", "kind: Config");
  const std::string path = folder_ + "/config";
  EXPECT_THAT(std::string(LoadKubeconfig(path).status().message()),
              StartsWith(path + ": current-context"));
  EXPECT_EQ(LoadKubeconfig(path + "x").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ConfigTest, AKubeconfigsRelativePathsAreRelativeToIt) {
  Write("config",
        "{current-context: c, contexts: [{name: c, context: {cluster: k}}], "
        "clusters: [{name: k, cluster: {server: 'https://k', "
        "certificate-authority: ca}}]}");
  const auto config = LoadKubeconfig(folder_ + "/config");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->authority.file, folder_ + "/ca");
}

TEST_F(ConfigTest, TheUserAgentSaysWhoAsks) {
  EXPECT_THAT(HttpOptionsOf({}).user_agent, StartsWith("cnivpc/"));
}

}  // namespace
}  // namespace kube
