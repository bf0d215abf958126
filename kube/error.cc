#include "kube/error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace kube {
namespace {

using Code = absl::StatusCode;

constexpr absl::string_view kReasonPayload = "cnivpc/kube-reason";
constexpr absl::string_view kRetryAfterPayload = "cnivpc/kube-retry-after";
constexpr absl::string_view kTooMany = "TooManyRequests";
// Of what the server says, so much goes into an error.
constexpr size_t kMaxMessage = 400;
constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);

struct Meaning {
  absl::string_view reason;
  Code code;
};

// meta/v1 StatusReason.
constexpr std::array<Meaning, 17> kReasons = {{
    {"NotFound", Code::kNotFound},
    {"AlreadyExists", Code::kAlreadyExists},
    {"Conflict", Code::kAborted},
    {"Expired", Code::kOutOfRange},
    {"Gone", Code::kOutOfRange},
    {"Unauthorized", Code::kUnauthenticated},
    {"Forbidden", Code::kPermissionDenied},
    {"Invalid", Code::kInvalidArgument},
    {"BadRequest", Code::kInvalidArgument},
    {"RequestEntityTooLarge", Code::kInvalidArgument},
    {kTooMany, Code::kResourceExhausted},
    {"Timeout", Code::kDeadlineExceeded},
    {"ServerTimeout", Code::kUnavailable},
    {"ServiceUnavailable", Code::kUnavailable},
    {"InternalError", Code::kUnavailable},
    {"MethodNotAllowed", Code::kUnimplemented},
    {"UnsupportedMediaType", Code::kUnimplemented},
}};

Code CodeOf(int64_t http) {
  switch (http) {
    case 400:
    case 413:
    case 422:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 405:
    case 406:
    case 415:
      return Code::kUnimplemented;
    case 409:
      return Code::kAborted;
    case 410:
      return Code::kOutOfRange;
    case 429:
      return Code::kResourceExhausted;
    case 504:
      return Code::kDeadlineExceeded;
    default:
      return http >= 500 && http < 504 ? Code::kUnavailable : Code::kUnknown;
  }
}

Code CodeOf(absl::string_view reason, int64_t http) {
  for (const Meaning& meaning : kReasons) {
    if (meaning.reason == reason) return meaning.code;
  }
  return CodeOf(http);
}

void SetRetryAfter(absl::Status& status, int64_t seconds) {
  if (seconds <= 0) return;
  status.SetPayload(kRetryAfterPayload, absl::Cord(absl::StrCat(seconds)));
}

// A field that may be missing, or of a kind that nobody expects.
std::string TextAt(const base::Json& object, absl::string_view key) {
  return object.String(key, "").value_or("");
}

int64_t NumberAt(const base::Json& object, absl::string_view key) {
  return object.Int(key, 0).value_or(0);
}

absl::Status Make(const base::Json& object, int64_t http) {
  const std::string reason = TextAt(object, "reason");
  std::string message = TextAt(object, "message").substr(0, kMaxMessage);
  if (message.empty()) message = absl::StrCat("HTTP status ", http);
  absl::Status status(CodeOf(reason, http), message);
  if (!reason.empty()) status.SetPayload(kReasonPayload, absl::Cord(reason));
  if (const auto details = object.Find("details")) {
    SetRetryAfter(status, NumberAt(*details, "retryAfterSeconds"));
  }
  return status;
}

// Of a proxy, of a server that is just starting, or of one that has too much to
// do (priority and fairness answers in plain text).
absl::Status WithoutObject(const base::HttpResponse& response) {
  absl::Status status(CodeOf(response.status),
                      absl::StrCat("HTTP status ", response.status));
  if (response.status == 429) {
    status.SetPayload(kReasonPayload, absl::Cord(kTooMany));
  }
  return status;
}

}  // namespace

absl::Status ErrorOf(const base::HttpResponse& response) {
  const absl::StatusOr<base::Json> object = base::Json::Parse(response.body);
  absl::Status status = object.ok() && object->IsObject()
                            ? Make(*object, response.status)
                            : WithoutObject(response);
  int64_t seconds = 0;
  if (absl::SimpleAtoi(response.Header("retry-after"), &seconds)) {
    SetRetryAfter(status, seconds);
  }
  return status;
}

absl::Status ErrorOf(const base::Json& status_object) {
  return Make(status_object, NumberAt(status_object, "code"));
}

std::string ReasonOf(const absl::Status& status) {
  const absl::optional<absl::Cord> reason = status.GetPayload(kReasonPayload);
  return reason ? std::string(*reason) : "";
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const absl::optional<absl::Cord> text = status.GetPayload(kRetryAfterPayload);
  int64_t seconds = 0;
  if (!text || !absl::SimpleAtoi(std::string(*text), &seconds)) {
    return std::nullopt;
  }
  return std::min(absl::Seconds(seconds), kMaxRetryAfter);
}

bool WasNotDone(const absl::Status& status) {
  return base::WasNotSent(status) || ReasonOf(status) == kTooMany;
}

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         ReasonOf(status) == kTooMany;
}

}  // namespace kube
