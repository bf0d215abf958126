#include "vpc/ucloud/credentials_file.h"

#include <fcntl.h>

#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

// Far more than the eight variables take.
constexpr size_t kMaxFile = 64 << 10;

absl::StatusOr<Variables> ReadVariables(int fd) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadAll(fd, kMaxFile));
  return ParseEnvironmentFile(text);
}

}  // namespace

absl::StatusOr<Variables> ReadEnvironmentFile(const std::string& path) {
  ASSIGN_OR_RETURN(const base::Fd fd, base::Open(path, O_RDONLY));
  absl::StatusOr<Variables> variables = ReadVariables(fd.get());
  if (!variables.ok()) return base::Annotate(variables.status(), path);
  return variables;
}

FileCredentials::Stamp FileCredentials::StampOf(const struct stat& file) {
  return {file.st_dev, file.st_ino, file.st_size,
          absl::TimeFromTimespec(file.st_mtim)};
}

absl::StatusOr<Keys> FileCredentials::Get() {
  const std::lock_guard<std::mutex> lock(mutex_);
  struct stat file = {};
  const bool unchanged =
      stat(path_.c_str(), &file) == 0 && StampOf(file) == stamp_;
  if (unchanged) return keys_;
  stamp_ = {};
  if (absl::Status status = Reload(); !status.ok()) {
    const bool none = absl::IsNotFound(status);
    if (none || !keys_.ok()) keys_ = std::move(status);
  }
  return keys_;
}

// The stamp is taken from the open file before it is read: a change that comes
// later shows in the next look.
absl::Status FileCredentials::Reload() {
  ASSIGN_OR_RETURN(const base::Fd fd, base::Open(path_, O_RDONLY));
  struct stat file = {};
  if (fstat(fd.get(), &file) != 0) {
    return base::ErrnoStatus(absl::StrCat("fstat ", path_));
  }
  const absl::StatusOr<Variables> variables = ReadVariables(fd.get());
  if (!variables.ok()) return base::Annotate(variables.status(), path_);
  absl::StatusOr<Keys> keys = KeysOf(*variables);
  if (!keys.ok()) return base::Annotate(keys.status(), path_);
  keys_ = *std::move(keys);
  stamp_ = StampOf(file);
  return absl::OkStatus();
}

void FileCredentials::Expired(const Keys& /*used*/) {
  const std::lock_guard<std::mutex> lock(mutex_);
  stamp_ = {};
}

}  // namespace vpc::ucloud
