#include "applets/upgrade/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

class StateFileTest : public testing::Test {
 protected:
  StateFileTest() {
    std::string name = testing::TempDir() + "/state.XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }

  std::string folder_;
};

TEST_F(StateFileTest, WithoutAFileThereIsNoRun) {
  const auto run = LoadRun(folder_ + "/none/upgrade.json");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_FALSE(run->has_value());
}

TEST_F(StateFileTest, WhatIsSavedIsLoaded) {
  const std::string path = folder_ + "/new/upgrade.json";
  upgrade::Run run;
  run.id = "7";
  run.steps = {Step::kInstall};
  ASSERT_TRUE(SaveRun(path, run).ok());
  EXPECT_EQ(**LoadRun(path), run);
}

TEST_F(StateFileTest, ADamagedFileIsNamed) {
  const std::string path = folder_ + "/upgrade.json";
  ASSERT_TRUE(base::WriteFileAtomically(path, "{").ok());
  const absl::Status status = LoadRun(path).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
}

TEST_F(StateFileTest, OneAtATimeHoldsTheLock) {
  auto first = LockFolder(folder_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(absl::IsUnavailable(LockFolder(folder_).status()));
  first->Reset();
  EXPECT_TRUE(LockFolder(folder_).ok());
}

TEST_F(StateFileTest, AFolderThatIsMissingIsNotBusy) {
  EXPECT_TRUE(absl::IsNotFound(LockFolder(folder_ + "/none").status()));
}

}  // namespace
}  // namespace applets::upgrade
