#include "vpc/ucloud/answer_reader.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/ret_code.h"

namespace vpc::ucloud {
namespace {

using testing::HasSubstr;
using testing::Not;

absl::Status TakeAll(const base::Json& /*answer*/) { return absl::OkStatus(); }
absl::Status Dislike(const base::Json& answer) {
  return answer.Error("is odd");
}

Reading Of(int status, const std::string& body) {
  const AnswerReader reader("Act", {"open sesame", ""});
  return reader.Read(
      base::HttpResponse{.status = status,
                         .headers = {{"x-ucloud-request-uuid", "u-1"}},
                         .body = body},
      TakeAll);
}

Reading OfError(absl::Status status) {
  return AnswerReader("Act", {}).Read(std::move(status), TakeAll);
}

TEST(AnswerReaderTest, SuccessIsOutcomeZero) {
  const Reading reading = Of(200, R"({"RetCode":0})");
  EXPECT_TRUE(reading.status.ok());
  EXPECT_EQ(reading.outcome, "0");
  EXPECT_EQ(reading.verdict, Outcome::kOk);
  EXPECT_EQ(reading.request_uuid, "u-1");
}

TEST(AnswerReaderTest, TellsTheBudgetHowTheApiIs) {
  EXPECT_EQ(Of(200, R"({"RetCode":153})").verdict, Outcome::kThrottled);
  EXPECT_EQ(Of(429, "").verdict, Outcome::kThrottled);
  for (const std::string code : {"110", "130", "150"}) {
    EXPECT_EQ(Of(200, R"({"RetCode":)" + code + "}").verdict,
              Outcome::kServerError);
  }
  EXPECT_EQ(Of(503, "").verdict, Outcome::kServerError);
  EXPECT_EQ(Of(200, "<html>").verdict, Outcome::kServerError);
  EXPECT_EQ(Of(200, R"({"RetCode":57000})").verdict, Outcome::kRefused);
  EXPECT_EQ(Of(404, "").verdict, Outcome::kRefused);
}

TEST(AnswerReaderTest, NamesTheOutcome) {
  EXPECT_EQ(Of(200, R"({"RetCode":58221})").outcome, "58221");
  EXPECT_EQ(Of(503, "<html>").outcome, "http-503");
  EXPECT_EQ(Of(200, "<html>").outcome, "unreadable");
  EXPECT_EQ(Of(200, "{}").outcome, "unreadable");
  EXPECT_EQ(Of(200, R"({"RetCode":99999999999})").outcome, "unreadable");
  EXPECT_EQ(OfError(absl::DeadlineExceededError("")).outcome, "timeout");
  EXPECT_EQ(OfError(absl::UnavailableError("")).outcome, "reset");
  EXPECT_EQ(OfError(base::MarkNotSent(absl::UnavailableError(""))).outcome,
            "unreachable");
  EXPECT_EQ(OfError(absl::ResourceExhaustedError("")).outcome, "unreadable");
}

TEST(AnswerReaderTest, ARetCodeCountsMoreThanTheHttpStatus) {
  EXPECT_EQ(RetCodeOf(Of(403, R"({"RetCode":299})").status), 299);
  EXPECT_EQ(Of(502, R"({"RetCode":0})").outcome, "http-502");
}

TEST(AnswerReaderTest, WhatWasDoneButCannotBeReadIsDone) {
  const Reading reading = AnswerReader("Act", {}).Read(
      base::HttpResponse{.status = 200, .body = R"({"RetCode":0})"}, Dislike);
  EXPECT_TRUE(reading.done);
  EXPECT_EQ(reading.verdict, Outcome::kOk);
  EXPECT_TRUE(OutcomeIsUnknown(reading.status));
  EXPECT_FALSE(Of(200, "<html>").done);
}

TEST(AnswerReaderTest, SecretsBecomeStars) {
  const Reading reading = Of(
      200, R"({"RetCode":171,"Message":"open sesame, open%20sesame, open"})");
  EXPECT_THAT(std::string(reading.status.message()),
              HasSubstr("***, ***, open"));
  EXPECT_THAT(reading.status.ToString(), Not(HasSubstr("sesame")));
}

}  // namespace
}  // namespace vpc::ucloud
