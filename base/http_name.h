#ifndef CNIVPC_BASE_HTTP_NAME_H_
#define CNIVPC_BASE_HTTP_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/http.h"

namespace base {

// What a request is called in errors: "GET scheme://host[:port]/path", without
// its query. INVALID_ARGUMENT if it can't be sent: a URL that isn't one of
// http:// or https:// or has credentials; a method or header that would break
// the request's lines. Nothing that may be secret is quoted.
absl::StatusOr<std::string> NameOf(const HttpRequest& request);

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_NAME_H_
