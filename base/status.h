#ifndef CNIVPC_BASE_STATUS_H_
#define CNIVPC_BASE_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// The one place where errno becomes a Status: "openat /run/x: No such file or
// directory". The code is absl's for that errno (absl::ErrnoToStatusCode); the
// number itself can be had back with ErrnoOf.
absl::Status ErrnoStatus(absl::string_view what);
absl::Status ErrnoStatus(absl::string_view what, int error_number);

// The errno that `status` was made from, 0 if it was made otherwise.
int ErrnoOf(const absl::Status& status);

// Marks a failure of storage: a full disk, a file system that is read-only, an
// I/O error. Such a status keeps the mark when it is annotated.
absl::Status MarkIo(absl::Status status);
// Whether it is marked, or its errno says so (ENOSPC, EDQUOT, EIO, EROFS).
bool IsIo(const absl::Status& status);

// `status` with "context: " before its message; code and payloads are kept.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace base

#define CNIVPC_CONCAT_INNER_(a, b) a##b
#define CNIVPC_CONCAT_(a, b) CNIVPC_CONCAT_INNER_(a, b)

// Returns from the enclosing function when `expr` (a Status) is an error.
#define RETURN_IF_ERROR(expr)                           \
  do {                                                  \
    if (absl::Status status_ = (expr); !status_.ok()) { \
      return status_;                                   \
    }                                                   \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): declares or assigns the value of a StatusOr,
// or returns its error.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL_(CNIVPC_CONCAT_(status_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr)   \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = std::move(tmp).value()

#endif  // CNIVPC_BASE_STATUS_H_
