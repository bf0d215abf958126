#include "vpc/ucloud/ret_code.h"

#include <algorithm>
#include <array>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/http.h"

namespace vpc::ucloud {
namespace {

using absl::StatusCode;

constexpr absl::string_view kRetCodePayload = "cnivpc/ucloud-ret-code";
constexpr absl::string_view kRepeatPayload = "cnivpc/ucloud-repeat";
constexpr absl::string_view kThrottledPayload = "cnivpc/ucloud-throttled";
constexpr size_t kMaxQuotedBytes = 400;
constexpr int kTooManyRequests = 429;  // RFC 6585 §4
constexpr int kServerErrors = 500;

struct Row {
  int ret_code;
  StatusCode status;
};
constexpr std::array kRows = {
    Row{kTimeout, StatusCode::kDeadlineExceeded},
    Row{kGatewayFailed, StatusCode::kUnavailable},
    Row{kUnavailable, StatusCode::kUnavailable},
    Row{kThrottled, StatusCode::kUnavailable},
    Row{kActionMissing, StatusCode::kInvalidArgument},
    Row{kNoSuchAction, StatusCode::kUnimplemented},
    Row{kSignatureMissing, StatusCode::kUnauthenticated},
    Row{kSignatureWrong, StatusCode::kUnauthenticated},
    Row{kNoSuchUser, StatusCode::kUnauthenticated},
    Row{kNoSuchToken, StatusCode::kUnauthenticated},
    Row{kParameterMissing, StatusCode::kInvalidArgument},
    Row{kParameterWrong, StatusCode::kInvalidArgument},
    Row{kNoSuchProject, StatusCode::kPermissionDenied},
    Row{kNoRightToZone, StatusCode::kPermissionDenied},
    Row{kSourceRefused, StatusCode::kPermissionDenied},
    Row{kDeniedByIam, StatusCode::kPermissionDenied},
    Row{kSubnetFull, StatusCode::kResourceExhausted},
    Row{kAttachedAlready, StatusCode::kAlreadyExists},
    Row{kNoSuchAddress, StatusCode::kNotFound},
};

bool IsThrottling(const Refusal& refusal) {
  return refusal.ret_code == kThrottled ||
         (refusal.ret_code == 0 && refusal.http_status == kTooManyRequests);
}

StatusCode CodeOf(const Refusal& refusal) {
  if (refusal.ret_code == 0) {
    return refusal.http_status == kTooManyRequests ||
                   refusal.http_status >= kServerErrors
               ? StatusCode::kUnavailable
               : StatusCode::kFailedPrecondition;
  }
  for (const Row& row : kRows) {
    if (row.ret_code == refusal.ret_code) return row.status;
  }
  return StatusCode::kFailedPrecondition;
}

// What others wrote, fit for one line of a log, and not cut within a character.
std::string Quote(absl::string_view text) {
  size_t size = std::min(text.size(), kMaxQuotedBytes);
  while (size < text.size() && size > 0 &&
         (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  return absl::StrCat(absl::Utf8SafeCEscape(text.substr(0, size)),
                      size < text.size() ? "..." : "");
}

std::string MessageOf(const Refusal& refusal) {
  std::string text =
      absl::StrCat(refusal.action, ": ",
                   refusal.ret_code != 0
                       ? absl::StrCat("RetCode ", refusal.ret_code)
                       : absl::StrCat("HTTP status ", refusal.http_status));
  if (!refusal.message.empty()) {
    absl::StrAppend(&text, ": ", Quote(refusal.message));
  }
  if (!refusal.request_uuid.empty()) {
    absl::StrAppend(&text, " (request UUID ", Quote(refusal.request_uuid), ")");
  }
  return text;
}

}  // namespace

absl::Status ToStatus(const Refusal& refusal) {
  absl::Status status(CodeOf(refusal), MessageOf(refusal));
  if (refusal.ret_code != 0) {
    status.SetPayload(kRetCodePayload,
                      absl::Cord(absl::StrCat(refusal.ret_code)));
  }
  if (IsThrottling(refusal)) status.SetPayload(kThrottledPayload, absl::Cord());
  if (IsThrottling(refusal) || refusal.ret_code == kUnavailable) {
    status.SetPayload(kRepeatPayload, absl::Cord());
  }
  return status;
}

std::optional<int> RetCodeOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetCodePayload);
  int code = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &code)) {
    return std::nullopt;
  }
  return code;
}

bool MayBeRepeated(const absl::Status& status) {
  return status.GetPayload(kRepeatPayload).has_value() ||
         base::WasNotSent(status);
}

bool IsThrottled(const absl::Status& status) {
  return status.GetPayload(kThrottledPayload).has_value();
}

bool OutcomeIsUnknown(const absl::Status& status) {
  return (status.code() == StatusCode::kDeadlineExceeded ||
          status.code() == StatusCode::kUnavailable) &&
         !MayBeRepeated(status);
}

absl::Status ForProvider(const absl::Status& status) {
  const bool passing =
      absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  if (!passing || OutcomeIsUnknown(status)) return status;
  return absl::AbortedError(status.message());
}

}  // namespace vpc::ucloud
