#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace base {
namespace {

std::string Directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status SyncDirectory(const std::string& path) {
  ASSIGN_OR_RETURN(const Fd directory, Open(path, O_RDONLY | O_DIRECTORY));
  if (fsync(directory.get()) != 0) return ErrnoStatus("fsync " + path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> Open(const std::string& path, int flags, int mode) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return ErrnoStatus("open " + path);
  return Fd(fd);
}

absl::StatusOr<std::string> ReadAll(int fd, size_t limit) {
  std::string data;
  char buffer[16384];
  while (true) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read");
    if (n == 0) return data;
    if (data.size() + static_cast<size_t>(n) > limit) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", limit, " bytes"));
    }
    data.append(buffer, static_cast<size_t>(n));
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  ASSIGN_OR_RETURN(const Fd file, Open(path, O_RDONLY));
  auto data = ReadAll(file.get(), limit);
  if (!data.ok()) return Annotate(data.status(), path);
  return data;
}

absl::Status WriteAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t n = write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("write");
    data.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view data, int mode) {
  const std::string temporary = absl::StrCat(path, ".tmp.", getpid());
  absl::Cleanup discard = [&] { unlink(temporary.c_str()); };
  ASSIGN_OR_RETURN(Fd file,
                   Open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
  RETURN_IF_ERROR(Annotate(WriteAll(file.get(), data), temporary));
  if (fsync(file.get()) != 0) return ErrnoStatus("fsync " + temporary);
  file.Reset();
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(absl::StrCat("rename ", temporary, " to ", path));
  }
  std::move(discard).Cancel();
  return SyncDirectory(Directory(path));
}

absl::Status MakeDirectories(const std::string& path, int mode) {
  for (size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end);
    const std::string part = path.substr(0, end);
    if (end != std::string::npos) ++end;
    if (part.empty()) continue;
    if (mkdir(part.c_str(), static_cast<mode_t>(mode)) == 0) continue;
    if (errno != EEXIST) return ErrnoStatus("mkdir " + part);
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus("stat " + path);
  if (!S_ISDIR(info.st_mode)) return ErrnoStatus("mkdir " + path, ENOTDIR);
  return absl::OkStatus();
}

}  // namespace base
