#include "applets/upgrade/program.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

absl::StatusOr<Ended> Shell(const std::string& script) {
  return RunProgram({.file = "/bin/sh", .arguments = {"-c", script}});
}

TEST(ProgramTest, GivesOutputErrorsAndExitStatus) {
  const auto ended = Shell("echo out; echo err >&2; exit 7");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_status, 7);
  EXPECT_EQ(ended->out, "out\n");
  EXPECT_EQ(ended->err, "err\n");
}

TEST(ProgramTest, HasTheInputAndTheEnvironmentAndNoOther) {
  const auto ended = RunProgram({.file = "/bin/sh",
                                 .arguments = {"-c", "cat; echo $A$HOME"},
                                 .environment = {"A=1"},
                                 .input = "in "});
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->out, "in 1\n");
}

TEST(ProgramTest, ASignalIsAnExitStatusLikeAShells) {
  EXPECT_EQ(Shell("kill -9 $$")->exit_status, 128 + 9);
}

TEST(ProgramTest, MuchOutputIsCutAndDoesNotBlock) {
  const auto ended = Shell("head -c 3000000 /dev/zero");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_status, 0);
  EXPECT_EQ(ended->out.size(), kMaxOutputBytes);
}

TEST(ProgramTest, OneThatHangsIsKilledWithAllItStarted) {
  const absl::Time start = absl::Now();
  const auto ended = RunProgram({.file = "/bin/sh",
                                 .arguments = {"-c", "sleep 60 & sleep 60"},
                                 .environment = {"PATH=/bin:/usr/bin"},
                                 .limit = absl::Milliseconds(50)});
  EXPECT_EQ(ended.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

TEST(ProgramTest, OneThatCannotBeStartedSaysWhy) {
  EXPECT_EQ(base::ErrnoOf(RunProgram({.file = "/nowhere/x"}).status()), ENOENT);
  const std::string file = absl::StrCat(testing::TempDir(), "/text");
  ASSERT_TRUE(base::WriteFileAtomically(file,
                                        "\x7f"
                                        "ELF no",
                                        0755)
                  .ok());
  EXPECT_EQ(base::ErrnoOf(RunProgram({.file = file}).status()), ENOEXEC);
}

}  // namespace
}  // namespace applets::upgrade
