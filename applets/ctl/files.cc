#include "applets/ctl/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::ctl {

absl::StatusOr<std::string> Tail(const std::string& path, size_t limit) {
  // Not to be blocked by a pipe that somebody put there.
  ASSIGN_OR_RETURN(const base::Fd file,
                   base::Open(path, O_RDONLY | O_NONBLOCK));
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return base::ErrnoStatus(path);
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not a regular file"));
  }
  const auto size = static_cast<size_t>(about.st_size);
  const size_t skip = size > limit ? size - limit : 0;
  if (lseek(file.get(), static_cast<off_t>(skip), SEEK_SET) < 0) {
    return base::ErrnoStatus(path);
  }
  // It may grow while it is read.
  ASSIGN_OR_RETURN(std::string text, base::ReadAll(file.get(), 2 * limit));
  if (text.size() > limit) text.erase(0, text.size() - limit);
  return text;
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()),
                                                   closedir);
  if (folder == nullptr) return base::ErrnoStatus(path);
  std::vector<std::string> paths;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    paths.push_back(absl::StrCat(path, "/", entry->d_name));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::Status WriteSecretly(const std::string& path, absl::string_view data) {
  ASSIGN_OR_RETURN(const base::Fd file,
                   base::Open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
  absl::Status written = base::WriteAll(file.get(), data);
  if (written.ok()) return written;
  unlink(path.c_str());
  return base::Annotate(written, path);
}

}  // namespace applets::ctl
