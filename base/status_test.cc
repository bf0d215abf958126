#include "base/status.h"

#include <cerrno>

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(StatusTest, ErrnoBecomesCodeMessageAndNumber) {
  const absl::Status status = ErrnoStatus("open /x", ENOENT);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "open /x: No such file or directory");
  EXPECT_EQ(ErrnoOf(status), ENOENT);
}

TEST(StatusTest, AnnotateKeepsCodeAndErrno) {
  const absl::Status status = Annotate(ErrnoStatus("bind", EADDRINUSE), "ctx");
  EXPECT_EQ(status.message(), "ctx: bind: Address already in use");
  EXPECT_EQ(ErrnoOf(status), EADDRINUSE);
  EXPECT_TRUE(Annotate(absl::OkStatus(), "ctx").ok());
}

TEST(StatusTest, OrdinaryStatusHasNoErrno) {
  EXPECT_EQ(ErrnoOf(absl::InternalError("x")), 0);
}

TEST(StatusTest, StorageFailuresAreTold) {
  EXPECT_TRUE(IsIo(ErrnoStatus("write", ENOSPC)));
  EXPECT_FALSE(IsIo(ErrnoStatus("write", EPIPE)));
  EXPECT_TRUE(IsIo(Annotate(MarkIo(absl::InternalError("x")), "ctx")));
  EXPECT_FALSE(IsIo(absl::OkStatus()));
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(StatusTest, AssignOrReturnPassesValuesAndErrors) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
}

}  // namespace
}  // namespace base
