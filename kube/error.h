#ifndef CNIVPC_KUBE_ERROR_H_
#define CNIVPC_KUBE_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http.h"
#include "base/json.h"

namespace kube {

// What the API server says when it refuses: its Status object (meta/v1), as an
// absl::Status that keeps the reason. The codes, by reason, else by HTTP
// status:
//
//   NotFound 404                    NOT_FOUND
//   AlreadyExists 409               ALREADY_EXISTS
//   Conflict 409                    ABORTED: changed by somebody else meanwhile
//   Expired, Gone 410               OUT_OF_RANGE: list again
//   Unauthorized 401                UNAUTHENTICATED
//   Forbidden 403                   PERMISSION_DENIED
//   Invalid, BadRequest 400 413 422 INVALID_ARGUMENT
//   TooManyRequests 429             RESOURCE_EXHAUSTED
//   Timeout 504                     DEADLINE_EXCEEDED: may have been done
//   MethodNotAllowed 405, 406, 415  UNIMPLEMENTED
//   ServerTimeout, 500 to 503       UNAVAILABLE
//   anything else                   UNKNOWN
absl::Status ErrorOf(const base::HttpResponse& response);

// The same of a Status object that came within an answer, as in a watch.
absl::Status ErrorOf(const base::Json& status_object);

// The server's word, such as "AlreadyExists"; "" if it gave none. Kept when the
// status is annotated.
std::string ReasonOf(const absl::Status& status);

// How long the server asks to wait before the next attempt.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// Whether an attempt that ended so may be followed by another one for anything,
// even what isn't repeatable: the server can't have begun to do it.
bool WasNotDone(const absl::Status& status);
// Whether another attempt may end differently, of what is repeatable.
bool MayPass(const absl::Status& status);

}  // namespace kube

#endif  // CNIVPC_KUBE_ERROR_H_
