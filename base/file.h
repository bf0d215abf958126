#ifndef CNIVPC_BASE_FILE_H_
#define CNIVPC_BASE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/fd.h"

namespace base {

// open(2) with O_CLOEXEC added; `mode` matters with O_CREAT.
absl::StatusOr<Fd> Open(const std::string& path, int flags, int mode = 0600);

// All that can be read from `fd`, or from the file; ResourceExhausted when it
// is more than `limit` bytes.
absl::StatusOr<std::string> ReadAll(int fd, size_t limit);
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit);

// Writes all of `data`, going on after short writes and EINTR.
absl::Status WriteAll(int fd, absl::string_view data);

// Replaces or creates `path` so that a reader, or a crash at any time, sees the
// old content or the new, never a part: temporary file in the same folder,
// fsync, rename, fsync of the folder.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view data, int mode = 0644);

// mkdir -p.
absl::Status MakeDirectories(const std::string& path, int mode = 0755);

}  // namespace base

#endif  // CNIVPC_BASE_FILE_H_
