#include "applets/upgrade/state_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {

absl::StatusOr<std::optional<Run>> LoadRun(const std::string& path) {
  const auto text = base::ReadFile(path, kMaxRunBytes);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  RETURN_IF_ERROR(text.status());
  auto run = ParseRun(*text);
  if (!run.ok()) return base::Annotate(run.status(), path);
  return *std::move(run);
}

absl::Status SaveRun(const std::string& path, const Run& run) {
  const size_t slash = path.rfind('/');
  RETURN_IF_ERROR(base::MakeDirectories(path.substr(0, slash), 0700));
  return base::WriteFileAtomically(path, absl::StrCat(ToJson(run), "\n"));
}

absl::StatusOr<base::Fd> LockFolder(const std::string& folder) {
  ASSIGN_OR_RETURN(base::Fd fd, base::Open(folder, O_RDONLY | O_DIRECTORY));
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return base::ErrnoStatus("lock " + folder);
    return absl::UnavailableError(
        absl::StrCat("another upgrade is at work on ", folder));
  }
  return fd;
}

}  // namespace applets::upgrade
