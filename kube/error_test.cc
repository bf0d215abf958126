#include "kube/error.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using Code = absl::StatusCode;

base::HttpResponse Answer(int status, const std::string& body) {
  return {.status = status, .body = body};
}

TEST(ErrorTest, KeepsTheServersReasonAndMessage) {
  const absl::Status status = ErrorOf(Answer(
      409, R"({"kind":"Status","status":"Failure","reason":"AlreadyExists",
              "message":"leases \"a\" already exists","code":409})"));
  EXPECT_EQ(status.code(), Code::kAlreadyExists);
  EXPECT_EQ(status.message(), "leases \"a\" already exists");
  EXPECT_EQ(ReasonOf(status), "AlreadyExists");
  EXPECT_EQ(ReasonOf(base::Annotate(status, "POST /x")), "AlreadyExists");
}

TEST(ErrorTest, EachReasonHasItsCode) {
  const std::vector<std::pair<std::string, Code>> reasons = {
      {"NotFound", Code::kNotFound},
      {"Conflict", Code::kAborted},
      {"Expired", Code::kOutOfRange},
      {"Gone", Code::kOutOfRange},
      {"Unauthorized", Code::kUnauthenticated},
      {"Forbidden", Code::kPermissionDenied},
      {"Invalid", Code::kInvalidArgument},
      {"TooManyRequests", Code::kResourceExhausted},
      {"Timeout", Code::kDeadlineExceeded},
      {"ServerTimeout", Code::kUnavailable},
      {"ServiceUnavailable", Code::kUnavailable},
      {"InternalError", Code::kUnavailable},
      {"MethodNotAllowed", Code::kUnimplemented},
  };
  for (const auto& [reason, code] : reasons) {
    const auto json = base::Json::Parse("{\"reason\":\"" + reason + "\"}");
    EXPECT_EQ(ErrorOf(*json).code(), code) << reason;
  }
}

TEST(ErrorTest, WithoutAStatusObjectTheHttpStatusCounts) {
  const std::vector<std::pair<int, Code>> statuses = {
      {301, Code::kUnknown},           {400, Code::kInvalidArgument},
      {401, Code::kUnauthenticated},   {403, Code::kPermissionDenied},
      {404, Code::kNotFound},          {405, Code::kUnimplemented},
      {409, Code::kAborted},           {410, Code::kOutOfRange},
      {413, Code::kInvalidArgument},   {415, Code::kUnimplemented},
      {418, Code::kUnknown},           {422, Code::kInvalidArgument},
      {429, Code::kResourceExhausted}, {500, Code::kUnavailable},
      {502, Code::kUnavailable},       {503, Code::kUnavailable},
      {504, Code::kDeadlineExceeded},  {599, Code::kUnknown},
  };
  for (const auto& [http, code] : statuses) {
    for (const std::string body : {"<html>", "", "[]", "7", "{}"}) {
      EXPECT_EQ(ErrorOf(Answer(http, body)).code(), code) << http << body;
    }
  }
}

TEST(ErrorTest, AStrangeStatusObjectIsStillAnError) {
  const absl::Status status = ErrorOf(
      Answer(403, R"({"reason":7,"message":["x"],"details":3,"code":"y"})"));
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_EQ(status.message(), "HTTP status 403");
  EXPECT_EQ(ReasonOf(status), "");
}

TEST(ErrorTest, AMessageIsCutShort) {
  const absl::Status status = ErrorOf(
      Answer(422, "{\"message\":\"" + std::string(10'000, 'x') + "\"}"));
  EXPECT_EQ(status.message().size(), 400U);
}

TEST(ErrorTest, SaysHowLongToWait) {
  base::HttpResponse busy = Answer(429, "Too many requests");
  busy.headers["retry-after"] = "3";
  EXPECT_EQ(RetryAfterOf(ErrorOf(busy)), absl::Seconds(3));
  EXPECT_EQ(RetryAfterOf(ErrorOf(Answer(503, R"({"reason":"ServerTimeout",
                         "details":{"retryAfterSeconds":100000}})"))),
            absl::Minutes(5));
  EXPECT_EQ(RetryAfterOf(ErrorOf(Answer(429, "x"))), std::nullopt);
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), std::nullopt);
}

TEST(ErrorTest, OnlyARefusalForLoadWasCertainlyNotDone) {
  EXPECT_TRUE(WasNotDone(ErrorOf(Answer(429, "x"))));
  EXPECT_TRUE(WasNotDone(base::MarkNotSent(absl::UnavailableError("no"))));
  EXPECT_FALSE(WasNotDone(ErrorOf(Answer(503, "x"))));
  EXPECT_FALSE(WasNotDone(absl::ResourceExhaustedError("answer too long")));
}

TEST(ErrorTest, WhatIsWrongDoesNotPass) {
  for (const int http : {429, 500, 503, 504}) {
    EXPECT_TRUE(MayPass(ErrorOf(Answer(http, "")))) << http;
  }
  for (const int http : {400, 401, 403, 404, 409, 410, 422}) {
    EXPECT_FALSE(MayPass(ErrorOf(Answer(http, "")))) << http;
  }
  EXPECT_FALSE(MayPass(absl::ResourceExhaustedError("answer too long")));
  EXPECT_FALSE(MayPass(absl::CancelledError("stopped")));
}

}  // namespace
}  // namespace kube
