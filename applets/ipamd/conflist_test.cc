#include "applets/ipamd/conflist.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using testing::HasSubstr;

class ConflistTest : public testing::Test {
 protected:
  ConflistTest()
      : folder_(absl::StrCat(testing::TempDir(), "/conflist.", getpid())) {}
  ~ConflistTest() override { std::filesystem::remove_all(folder_); }
  std::string Content() const {
    return base::ReadFile(path_, 1 << 20).value_or("none");
  }

  const std::string folder_;
  const std::string path_ = folder_ + "/net.d/10-cnivpc.conflist";
};

TEST_F(ConflistTest, TheShippedOneIsTheOneInDeploy) {
  const auto file = base::ReadFile("deploy/10-cnivpc.conflist", 1 << 20);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file, ShippedConflist());
  EXPECT_EQ(*LoadConflist(""), ShippedConflist());
  EXPECT_EQ(*LoadConflist("deploy/10-cnivpc.conflist"), ShippedConflist());
}

TEST_F(ConflistTest, IsWrittenOnceAndLeavesNothingElse) {
  EXPECT_TRUE(*InstallConflist(path_, "a"));
  EXPECT_EQ(Content(), "a");
  EXPECT_FALSE(*InstallConflist(path_, "a"));
  EXPECT_TRUE(*InstallConflist(path_, "b"));
  EXPECT_EQ(Content(), "b");
  const auto files = std::filesystem::directory_iterator(folder_ + "/net.d");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(ConflistTest, WhatTheRuntimeCouldNotUseIsRefused) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"{", "JSON"},
      {"{}", "name"},
      {R"({"name":"x","plugins":[]})", "plugins"},
      {R"({"name":"x","plugins":[{"type":"bridge"}]})", "plugins[0].type"}};
  ASSERT_TRUE(base::MakeDirectories(folder_).ok());
  for (const auto& c : kCases) {
    const std::string source = folder_ + "/source";
    ASSERT_TRUE(base::WriteFileAtomically(source, c.text).ok());
    const absl::Status status = LoadConflist(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(source));
  }
}

TEST_F(ConflistTest, AFileThatIsMissingIsAnError) {
  EXPECT_FALSE(LoadConflist(folder_ + "/none").ok());
}

}  // namespace
}  // namespace applets::ipamd
