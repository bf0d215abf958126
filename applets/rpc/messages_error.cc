#include "applets/rpc/messages_error.h"

#include "applets/rpc/messages_json.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Json;
using base::JsonWriter;
using base::WriteMember;

constexpr int kLastCode = static_cast<int>(absl::StatusCode::kUnauthenticated);

}  // namespace

std::string ErrorToJson(const absl::Status& status) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "code", absl::StatusCodeToString(status.code()));
  WriteMember(w, "message", status.message());
  if (base::IsIo(status)) WriteFlag(w, "io", true);
  w.EndObject();
  return out.Text();
}

absl::Status ParseError(absl::string_view text) {
  const auto json = Json::Parse(text);
  if (!json.ok()) return absl::InternalError("ipamd answered without a reason");
  const std::string name = json->String("code", "").value_or("");
  const std::string message = json->String("message", "").value_or("");
  absl::StatusCode code = absl::StatusCode::kUnknown;
  for (int i = 1; i <= kLastCode; ++i) {
    const auto candidate = static_cast<absl::StatusCode>(i);
    if (absl::StatusCodeToString(candidate) == name) code = candidate;
  }
  const absl::Status status(code, message);
  return json->Bool("io", false).value_or(false) ? base::MarkIo(status)
                                                 : status;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace applets::rpc
