// Files that change in one step, seen by others and by a power cut: either the
// old state or the new one, whole.
#ifndef CNIVPC_APPLETS_UPGRADE_FILES_H_
#define CNIVPC_APPLETS_UPGRADE_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace applets::upgrade {

// No executable of ours comes near.
inline constexpr uint64_t kMaxProgramBytes = uint64_t{1} << 30;

// 64 lower-case hexadecimal digits. Follows links.
absl::StatusOr<std::string> Sha256Of(const std::string& path);

// The first `bytes` of a file, and how long it is.
struct Head {
  std::string bytes;
  uint64_t file_bytes = 0;
};
// INVALID_ARGUMENT when it is no regular file. Follows links.
absl::StatusOr<Head> ReadHead(const std::string& path, size_t bytes);

// What CopyProgram reads when it is asked to copy kStdin.
inline constexpr char kStdin[] = "-";

// Copies the program `from` to a new file `to`, mode 0755, and syncs it. What
// was at `to` is removed first. On failure nothing is left at `to`.
absl::Status CopyProgram(const std::string& from, const std::string& to);

// Gives the file `from`, a symbolic link as such, the second name `to`. What
// was at `to` is removed first. Needs no room on the disk.
absl::Status AddName(const std::string& from, const std::string& to);

// Moves `from` to `to`, replacing that in one step, and syncs the folder of
// both. Afterwards there is no `from`, even where both were the same file.
absl::Status Move(const std::string& from, const std::string& to);

// OK when it isn't there. Syncs the folder.
absl::Status Remove(const std::string& path);

bool Exists(const std::string& path);  // also a link to nowhere

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FILES_H_
