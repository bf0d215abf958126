#include "pool/outcome.h"

namespace pool {

bool MayBeDone(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kAborted:
      return false;
    default:
      return true;
  }
}

Reason ReasonOf(const absl::Status& error) {
  if (absl::IsResourceExhausted(error)) return Reason::kSubnetExhausted;
  return IsPassing(error) ? Reason::kVpcUnavailable : Reason::kVpcRefused;
}

bool IsPassing(const absl::Status& status) {
  return !status.ok() && (MayBeDone(status) || absl::IsAborted(status));
}

}  // namespace pool
