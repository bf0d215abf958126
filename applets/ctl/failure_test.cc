#include "applets/ctl/failure.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(FailureTest, AMissingDaemonComesWithWhatToDo) {
  EXPECT_THAT(
      ExplainUnreachable(
          absl::NotFoundError("ipamd isn't running: nobody listens at /s")),
      AllOf(StartsWith("cnivpctl: ipamd isn't running: nobody listens at /s\n"),
            HasSubstr("docs/operations.md"), HasSubstr("--socket"),
            HasSubstr("a node without ipamd")));
}

TEST(FailureTest, ASocketThatIsForRootSaysSo) {
  EXPECT_THAT(ExplainUnreachable(
                  absl::PermissionDeniedError("connect /s: Permission denied")),
              AllOf(HasSubstr("connect /s: Permission denied\n"),
                    HasSubstr("as root")));
}

TEST(FailureTest, OtherwiseUnreachableSaysWhy) {
  EXPECT_EQ(ExplainUnreachable(absl::InvalidArgumentError("socket: too long")),
            "cnivpctl: can't reach ipamd: socket: too long\n");
}

TEST(FailureTest, ASlowDaemonIsWaitedForLonger) {
  EXPECT_THAT(ExplainRefused(absl::DeadlineExceededError(
                  "ipamd is there, but didn't answer in time")),
              AllOf(StartsWith("cnivpctl: ipamd is there, but"),
                    HasSubstr("--timeout")));
}

TEST(FailureTest, ANoIsQuotedWithItsCode) {
  EXPECT_EQ(
      ExplainRefused(absl::FailedPreconditionError("the store is closed")),
      "cnivpctl: ipamd said no: the store is closed "
      "(FAILED_PRECONDITION)\n");
}

TEST(FailureTest, AnAnswerThatCannotBeReadIsNotTheUsersFault) {
  EXPECT_THAT(
      ExplainRefused(absl::InvalidArgumentError("addresses[0].state: missing")),
      AllOf(StartsWith("cnivpctl: can't use ipamd's answer: addresses[0]"),
            HasSubstr("version")));
}

TEST(FailureTest, WrongUsagePointsToTheHelp) {
  EXPECT_EQ(ExplainUsage(absl::InvalidArgumentError("get what?")),
            "cnivpctl: get what?\nSee cnivpctl --help.\n");
}

}  // namespace
}  // namespace applets::ctl
