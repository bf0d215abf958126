#include "applets/cni/error.h"

#include <cerrno>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::cni {
namespace {

constexpr absl::string_view kCodePayload = "cnivpc/cni-code";
constexpr absl::string_view kDetailsPayload = "cnivpc/cni-details";

// A few words for the codes that a Status maps to; the Status's own message
// then goes into the details.
absl::string_view Summary(Code code) {
  switch (code) {
    case Code::kUnknownContainer:
      return "unknown container";
    case Code::kIo:
      return "the node's storage failed";
    case Code::kInvalidConfig:
      return "invalid configuration";
    case Code::kTryAgain:
      return "try again later";
    case Code::kNotAvailable:
      return "no address available";
    case Code::kLimitedConnectivity:
      return "no address available, and pods may be unreachable";
    case Code::kAlreadyExists:
      return "already exists";
    case Code::kRefused:
      return "refused";
    case Code::kPermissionDenied:
      return "permission denied";
    case Code::kStateDamaged:
      return "the node's address records are damaged";
    default:
      return "internal error";
  }
}

// EAGAIN and its like pass; any other errno is the kernel's refusal, whatever
// absl's code for it (ENOSPC isn't "no address").
Code CodeOfErrno(int error_number) {
  switch (error_number) {
    case EAGAIN:
    case EINTR:
    case EBUSY:
    case ETIMEDOUT:
      return Code::kTryAgain;
    case EPERM:
    case EACCES:
      return Code::kPermissionDenied;
    default:
      return Code::kInternal;
  }
}

Code CodeOfStatus(absl::StatusCode code, Verb verb) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      return Code::kTryAgain;
    case absl::StatusCode::kResourceExhausted:
      return Code::kNotAvailable;
    case absl::StatusCode::kNotFound:
      return verb == Verb::kCheck ? Code::kUnknownContainer : Code::kInternal;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return Code::kInvalidConfig;
    case absl::StatusCode::kAlreadyExists:
      return Code::kAlreadyExists;
    case absl::StatusCode::kFailedPrecondition:
      return Code::kRefused;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return Code::kPermissionDenied;
    case absl::StatusCode::kDataLoss:
      return Code::kStateDamaged;
    default:
      return Code::kInternal;
  }
}

Code Decide(const absl::Status& status, Verb verb) {
  const int error_number = base::ErrnoOf(status);
  const Code code = base::IsIo(status)  ? Code::kIo
                    : error_number != 0 ? CodeOfErrno(error_number)
                                        : CodeOfStatus(status.code(), verb);
  if (verb != Verb::kStatus) return code;
  return code == Code::kRefused ? Code::kLimitedConnectivity
                                : Code::kNotAvailable;
}

std::string Payload(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : "";
}

// JSON is UTF-8; a message may quote bytes from outside that aren't. A rare
// thing, so all that isn't ASCII goes then.
std::string Printable(absl::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if ((c & 0x80) != 0) c = '?';
  }
  return clean;
}

}  // namespace

absl::Status ErrorWithCode(Code code, absl::string_view msg,
                           absl::string_view details) {
  absl::Status status = absl::InvalidArgumentError(msg);
  status.SetPayload(kCodePayload,
                    absl::Cord(absl::StrCat(static_cast<int>(code))));
  if (!details.empty()) status.SetPayload(kDetailsPayload, absl::Cord(details));
  return status;
}

Error ToError(const absl::Status& status, Verb verb) {
  int chosen = 0;
  if (absl::SimpleAtoi(Payload(status, kCodePayload), &chosen)) {
    return Error{static_cast<Code>(chosen), std::string(status.message()),
                 Payload(status, kDetailsPayload)};
  }
  const Code code = Decide(status, verb);
  return Error{code, std::string(Summary(code)), std::string(status.message())};
}

std::string ToJson(const Error& error, SpecVersion version) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteMember(writer, "cniVersion", ToString(version));
  base::WriteMember(writer, "code", static_cast<int64_t>(error.code));
  base::WriteMember(writer, "msg", Printable(error.msg));
  if (!error.details.empty()) {
    base::WriteMember(writer, "details", Printable(error.details));
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace applets::cni
