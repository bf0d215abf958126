#include "vpc/ucloud/answer_reader.h"

#include <cstdint>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "vpc/ucloud/ret_code.h"

namespace vpc::ucloud {
namespace {

constexpr absl::string_view kUuidHeader = "x-ucloud-request-uuid";
constexpr absl::string_view kHidden = "***";
constexpr size_t kMaxUuidBytes = 100;
constexpr int kHttpOk = 200;

Outcome VerdictOf(const absl::Status& status) {
  if (status.ok()) return Outcome::kOk;
  if (IsThrottled(status)) return Outcome::kThrottled;
  return OutcomeIsUnknown(status) || MayBeRepeated(status)
             ? Outcome::kServerError
             : Outcome::kRefused;
}

std::string OutcomeOfNone(const absl::Status& status) {
  if (base::WasNotSent(status)) return "unreachable";
  return status.code() == absl::StatusCode::kDeadlineExceeded ? "timeout"
                                                              : "reset";
}

// 0 is success; an error if the document has none, or not a possible one.
absl::StatusOr<int> RetCodeIn(const base::Json& answer) {
  ASSIGN_OR_RETURN(const int64_t code, answer.Int("RetCode"));
  if (code < std::numeric_limits<int>::min() ||
      code > std::numeric_limits<int>::max()) {
    return answer.Error("RetCode is out of range");
  }
  return static_cast<int>(code);
}

// The API's own words; they aren't worth an error if they are no text.
std::string MessageIn(const base::Json& answer) {
  return answer.String("Message", "").value_or("");
}

}  // namespace

std::string AnswerReader::Scrub(absl::string_view text) const {
  std::vector<std::pair<std::string, absl::string_view>> hidden;
  for (const std::string& secret : secrets_) {
    if (secret.empty()) continue;
    hidden.emplace_back(secret, kHidden);
    hidden.emplace_back(base::PercentEncode(secret), kHidden);
  }
  return absl::StrReplaceAll(text, hidden);
}

std::string AnswerReader::UuidOf(const base::HttpResponse& response) const {
  return Scrub(
      absl::CHexEscape(response.Header(kUuidHeader).substr(0, kMaxUuidBytes)));
}

Reading AnswerReader::NoResponse(const absl::Status& status) const {
  Reading reading;
  reading.status = base::Annotate(status, action_);
  reading.outcome = OutcomeOfNone(status);
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    // Too long. The code would say that the subnet is full.
    reading.status = absl::UnavailableError(reading.status.message());
    reading.outcome = "unreadable";
  }
  reading.verdict = Outcome::kServerError;
  return reading;
}

Reading AnswerReader::Refused(int ret_code, const base::HttpResponse& response,
                              const std::string& message) const {
  Reading reading;
  reading.request_uuid = UuidOf(response);
  reading.status = ToStatus({.action = action_,
                             .ret_code = ret_code,
                             .http_status = response.status,
                             .message = Scrub(message),
                             .request_uuid = reading.request_uuid});
  reading.outcome = ret_code != 0 ? absl::StrCat(ret_code)
                                  : absl::StrCat("http-", response.status);
  reading.verdict = VerdictOf(reading.status);
  return reading;
}

Reading AnswerReader::Unreadable(const base::HttpResponse& response,
                                 const absl::Status& why) const {
  Reading reading;
  reading.request_uuid = UuidOf(response);
  reading.status = absl::UnavailableError(
      absl::StrCat(action_, ": can't read the answer: ", why.message(),
                   " (request UUID ", reading.request_uuid, ")"));
  reading.outcome = "unreadable";
  reading.verdict = Outcome::kServerError;
  return reading;
}

Reading AnswerReader::Read(
    const absl::StatusOr<base::HttpResponse>& response,
    const std::function<absl::Status(const base::Json&)>& decode) const {
  if (!response.ok()) return NoResponse(response.status());
  const absl::StatusOr<base::Json> json = base::Json::Parse(response->body);
  const absl::StatusOr<int> ret_code =
      json.ok() ? RetCodeIn(*json) : absl::StatusOr<int>(json.status());
  if (ret_code.ok() && *ret_code != 0) {
    return Refused(*ret_code, *response, MessageIn(*json));
  }
  if (response->status != kHttpOk) return Refused(0, *response, "");
  if (!ret_code.ok()) return Unreadable(*response, ret_code.status());
  if (const absl::Status decoded = decode(*json); !decoded.ok()) {
    Reading reading = Unreadable(*response, decoded);
    reading.verdict = Outcome::kOk;
    reading.done = true;
    return reading;
  }
  return {.outcome = "0", .request_uuid = UuidOf(*response)};
}

}  // namespace vpc::ucloud
