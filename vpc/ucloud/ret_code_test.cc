#include "vpc/ucloud/ret_code.h"

#include <string>

#include "base/http.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::Not;

absl::Status Of(int ret_code) {
  return ToStatus({.action = "A", .ret_code = ret_code});
}
absl::Status OfHttp(int http_status) {
  return ToStatus({.action = "A", .http_status = http_status});
}

TEST(RetCodeTest, MapsEachCode) {
  EXPECT_EQ(Of(110).code(), StatusCode::kDeadlineExceeded);
  for (const int code : {130, 150, 153}) {
    EXPECT_EQ(Of(code).code(), StatusCode::kUnavailable) << code;
  }
  for (const int code : {160, 220, 230}) {
    EXPECT_EQ(Of(code).code(), StatusCode::kInvalidArgument) << code;
  }
  EXPECT_EQ(Of(161).code(), StatusCode::kUnimplemented);
  for (const int code : {170, 171, 172, 174}) {
    EXPECT_EQ(Of(code).code(), StatusCode::kUnauthenticated) << code;
  }
  for (const int code : {292, 293, 294, 299}) {
    EXPECT_EQ(Of(code).code(), StatusCode::kPermissionDenied) << code;
  }
  EXPECT_EQ(Of(57000).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Of(58205).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Of(58221).code(), StatusCode::kNotFound);
  for (const int code : {-1, 1, 8039, 99999}) {
    EXPECT_EQ(Of(code).code(), StatusCode::kFailedPrecondition) << code;
  }
}

TEST(RetCodeTest, MapsHttpStatuses) {
  for (const int status : {429, 500, 502, 503, 504}) {
    EXPECT_EQ(OfHttp(status).code(), StatusCode::kUnavailable) << status;
  }
  for (const int status : {301, 400, 403, 404}) {
    EXPECT_EQ(OfHttp(status).code(), StatusCode::kFailedPrecondition) << status;
  }
}

TEST(RetCodeTest, WhatWasCertainlyNotDoneMayBeRepeated) {
  for (const absl::Status& status : {Of(150), Of(153), OfHttp(429)}) {
    EXPECT_TRUE(MayBeRepeated(status)) << status;
    EXPECT_FALSE(OutcomeIsUnknown(status)) << status;
  }
  EXPECT_TRUE(IsThrottled(Of(153)));
  EXPECT_TRUE(IsThrottled(OfHttp(429)));
  EXPECT_FALSE(IsThrottled(Of(150)));
  const absl::Status unsent =
      base::MarkNotSent(absl::UnavailableError("refused"));
  EXPECT_TRUE(MayBeRepeated(unsent));
  EXPECT_FALSE(OutcomeIsUnknown(unsent));
}

TEST(RetCodeTest, WhatMayHaveBeenDoneIsUnknown) {
  for (const absl::Status& status :
       {Of(110), Of(130), OfHttp(500), OfHttp(503),
        absl::UnavailableError("reset"), absl::DeadlineExceededError("late")}) {
    EXPECT_TRUE(OutcomeIsUnknown(status)) << status;
    EXPECT_FALSE(MayBeRepeated(status)) << status;
  }
}

TEST(RetCodeTest, ARefusalIsNeither) {
  for (const int code : {160, 171, 174, 299, 57000, 58205, 58221, 8039}) {
    EXPECT_FALSE(OutcomeIsUnknown(Of(code))) << code;
    EXPECT_FALSE(MayBeRepeated(Of(code))) << code;
  }
}

TEST(RetCodeTest, TheCodeSurvivesAnnotation) {
  const absl::Status status = base::Annotate(Of(153), "pool");
  EXPECT_EQ(RetCodeOf(status), 153);
  EXPECT_TRUE(MayBeRepeated(status));
  EXPECT_TRUE(IsThrottled(status));
  EXPECT_EQ(RetCodeOf(OfHttp(503)), std::nullopt);
  EXPECT_EQ(RetCodeOf(absl::OkStatus()), std::nullopt);
}

TEST(RetCodeTest, TheErrorNamesActionCodeMessageAndRequest) {
  const absl::Status status = ToStatus({.action = "AllocateSecondaryIp",
                                        .ret_code = 57000,
                                        .message = "no more IP",
                                        .request_uuid = "5f-1"});
  EXPECT_EQ(status.message(),
            "AllocateSecondaryIp: RetCode 57000: no more IP (request UUID "
            "5f-1)");
  EXPECT_EQ(OfHttp(502).message(), "A: HTTP status 502");
}

TEST(RetCodeTest, WhatTheServerSaysStaysOnOneLineAndShort) {
  const absl::Status status =
      ToStatus({.action = "A",
                .ret_code = 1,
                .message = "x\nERROR y\x1b[0m \xe4\xb8\xad",
                .request_uuid = std::string(9999, 'u')});
  const std::string text(status.message());
  EXPECT_THAT(text, HasSubstr("x\\nERROR y"));
  EXPECT_THAT(text, HasSubstr("\xe4\xb8\xad"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_LT(text.size(), 1000U);
}

TEST(RetCodeTest, ALongMessageIsNotCutWithinACharacter) {
  std::string message = "x";
  while (message.size() < 1000) message += "\xe4\xb8\xad";
  const std::string text(
      ToStatus({.action = "A", .ret_code = 1, .message = message}).message());
  EXPECT_THAT(text, testing::EndsWith("\xe4\xb8\xad..."));
}

}  // namespace
}  // namespace vpc::ucloud
