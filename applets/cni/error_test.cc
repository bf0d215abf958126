#include "applets/cni/error.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

TEST(ErrorTest, AChosenCodeIsKept) {
  const absl::Status status =
      ErrorWithCode(Code::kUnsupportedField, "vpc: moon", "only embedded");
  EXPECT_EQ(ToError(status, Verb::kStatus),
            (Error{Code::kUnsupportedField, "vpc: moon", "only embedded"}));
  EXPECT_EQ(ToError(base::Annotate(status, "configuration"), Verb::kAdd).code,
            Code::kUnsupportedField);
}

TEST(ErrorTest, AStatusBecomesTheCodeOfItsKind) {
  const std::vector<std::pair<absl::Status, Code>> codes = {
      {absl::UnavailableError(""), Code::kTryAgain},
      {absl::DeadlineExceededError(""), Code::kTryAgain},
      {absl::AbortedError(""), Code::kTryAgain},
      {absl::CancelledError(""), Code::kTryAgain},
      {absl::ResourceExhaustedError(""), Code::kNotAvailable},
      {absl::NotFoundError(""), Code::kInternal},
      {absl::InvalidArgumentError(""), Code::kInvalidConfig},
      {absl::AlreadyExistsError(""), Code::kAlreadyExists},
      {absl::FailedPreconditionError(""), Code::kRefused},
      {absl::PermissionDeniedError(""), Code::kPermissionDenied},
      {absl::DataLossError(""), Code::kStateDamaged},
      {absl::InternalError(""), Code::kInternal},
      {absl::UnimplementedError(""), Code::kInternal},
      {absl::UnknownError(""), Code::kInternal}};
  for (const auto& [status, code] : codes) {
    EXPECT_EQ(ToError(status, Verb::kAdd).code, code) << status;
  }
}

TEST(ErrorTest, OnlyCheckKnowsOfUnknownContainers) {
  EXPECT_EQ(ToError(absl::NotFoundError(""), Verb::kCheck).code,
            Code::kUnknownContainer);
}

TEST(ErrorTest, AnErrnoIsNotTakenForSomethingElse) {
  EXPECT_EQ(ToError(base::ErrnoStatus("x", ENOBUFS), Verb::kAdd).code,
            Code::kInternal);
  EXPECT_EQ(ToError(base::ErrnoStatus("x", ENOSPC), Verb::kAdd).code,
            Code::kIo);
  EXPECT_EQ(ToError(base::ErrnoStatus("x", ENOENT), Verb::kCheck).code,
            Code::kInternal);
  EXPECT_EQ(ToError(base::ErrnoStatus("x", EPERM), Verb::kAdd).code,
            Code::kPermissionDenied);
  EXPECT_EQ(ToError(base::ErrnoStatus("x", EAGAIN), Verb::kAdd).code,
            Code::kTryAgain);
}

TEST(ErrorTest, StatusAnswersWhetherAnAddCouldSucceed) {
  for (const absl::Status& status :
       {absl::ResourceExhaustedError(""), absl::UnavailableError(""),
        absl::InternalError(""), base::ErrnoStatus("x", EPERM)}) {
    EXPECT_EQ(ToError(status, Verb::kStatus).code, Code::kNotAvailable);
  }
  EXPECT_EQ(ToError(absl::FailedPreconditionError(""), Verb::kStatus).code,
            Code::kLimitedConnectivity);
}

TEST(ErrorTest, TheStatusMessageGoesIntoTheDetails) {
  EXPECT_EQ(ToError(absl::UnavailableError("ipamd is restarting"), Verb::kAdd),
            (Error{Code::kTryAgain, "try again later", "ipamd is restarting"}));
}

TEST(ErrorTest, TheEnvelopeHasTheVersionCodeMessageAndDetails) {
  EXPECT_EQ(ToJson({Code::kInvalidConfig, "mtu: too \"big\"", "9999999"},
                   SpecVersion::k031),
            R"({"cniVersion":"0.3.1","code":7,"msg":"mtu: too \"big\"",)"
            R"("details":"9999999"})");
  EXPECT_EQ(ToJson({Code::kIo, "stdin", ""}, kNewestVersion),
            R"({"cniVersion":"1.1.0","code":5,"msg":"stdin"})");
}

TEST(ErrorTest, BytesThatAreNoTextStillMakeValidJson) {
  const std::string json =
      ToJson({Code::kBadEnvironment, "\xff\xfe \n\x01", ""}, kNewestVersion);
  const auto parsed = base::Json::Parse(json);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->String("msg").value(), "?? \n\x01");
}

}  // namespace
}  // namespace applets::cni
