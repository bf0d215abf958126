#include "bench/process.h"

#include "gtest/gtest.h"

namespace bench {
namespace {

Program Shell(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {"GREETING=hello"}, "input\n"};
}

TEST(Process, GetsInputEnvironmentAndNothingElse) {
  const auto ended = RunAlone(Shell("read line; echo $GREETING $line $HOME"));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->output, "hello input\n");
  EXPECT_EQ(ended->exit_status, 0);
}

TEST(Process, TellsExitStatusAndSignal) {
  EXPECT_EQ(RunAlone(Shell("exit 3"))->exit_status, 3);
  EXPECT_EQ(RunAlone(Shell("kill -9 $$"))->exit_status, 128 + 9);
  EXPECT_EQ(RunAlone({{"/nowhere/to/be/found"}, {}, ""})->exit_status, 127);
}

TEST(Process, TakesAsLongAsSomebodyHoldsStdout) {
  const auto ended = RunAlone(Shell("sleep 0.2 &"));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_GE(ended->took, absl::Milliseconds(200));
}

TEST(Process, RunTogetherKeepsTheOrderAndEachOnesTime) {
  const auto ended =
      RunTogether({Shell("sleep 0.2; echo slow"), Shell("echo fast; exit 1")});
  ASSERT_TRUE(ended.ok()) << ended.status();
  ASSERT_EQ(ended->size(), 2);
  EXPECT_EQ((*ended)[0].output, "slow\n");
  EXPECT_EQ((*ended)[1].output, "fast\n");
  EXPECT_EQ((*ended)[1].exit_status, 1);
  EXPECT_GE((*ended)[0].took, absl::Milliseconds(200));
  EXPECT_LT((*ended)[1].took, (*ended)[0].took);
}

}  // namespace
}  // namespace bench
