#include "applets/upgrade/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr mode_t kProgramMode = 0755;
constexpr size_t kChunkBytes = 1 << 20;

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  ASSIGN_OR_RETURN(const base::Fd fd,
                   base::Open(folder, O_RDONLY | O_DIRECTORY));
  return fsync(fd.get()) == 0 ? absl::OkStatus()
                              : base::ErrnoStatus("fsync " + folder);
}

absl::StatusOr<base::Fd> OpenRegular(const std::string& path,
                                     struct stat& info) {
  // O_NONBLOCK: somebody's FIFO must not hang us.
  ASSIGN_OR_RETURN(base::Fd fd, base::Open(path, O_RDONLY | O_NONBLOCK));
  if (fstat(fd.get(), &info) != 0) return base::ErrnoStatus("fstat " + path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(path + " is no file");
  }
  return fd;
}

absl::StatusOr<base::Fd> OpenProgram(const std::string& path) {
  struct stat info = {};
  if (path != kStdin) return OpenRegular(path, info);
  base::Fd fd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  return fd.valid() ? std::move(fd)
                    : absl::StatusOr<base::Fd>(base::ErrnoStatus("stdin"));
}

// Hands on the file's content, piece by piece.
absl::Status ReadPieces(
    int fd, const std::string& path,
    absl::FunctionRef<absl::Status(absl::string_view)> take) {
  std::vector<char> buffer(kChunkBytes);
  uint64_t total = 0;
  while (true) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::ErrnoStatus("read " + path);
    if (n == 0) return absl::OkStatus();
    total += static_cast<uint64_t>(n);
    if (total > kMaxProgramBytes) {
      return absl::ResourceExhaustedError(path + " is too large");
    }
    RETURN_IF_ERROR(take({buffer.data(), static_cast<size_t>(n)}));
  }
}

absl::Status RemoveName(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return base::ErrnoStatus("remove " + path);
}

}  // namespace

absl::StatusOr<std::string> Sha256Of(const std::string& path) {
  struct stat info = {};
  ASSIGN_OR_RETURN(const base::Fd fd, OpenRegular(path, info));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool ok = EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  RETURN_IF_ERROR(ReadPieces(fd.get(), path, [&](absl::string_view piece) {
    ok = ok && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
    return absl::OkStatus();
  }));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int bytes = 0;
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), &bytes) == 1;
  if (!ok) return absl::InternalError("SHA-256 of " + path + " failed");
  return absl::BytesToHexString(
      {reinterpret_cast<const char*>(digest.data()), bytes});
}

absl::StatusOr<Head> ReadHead(const std::string& path, size_t bytes) {
  struct stat info = {};
  ASSIGN_OR_RETURN(const base::Fd fd, OpenRegular(path, info));
  Head head;
  head.file_bytes = static_cast<uint64_t>(info.st_size);
  head.bytes.resize(bytes);
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = read(fd.get(), head.bytes.data() + done, bytes - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::ErrnoStatus("read " + path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  head.bytes.resize(done);
  return head;
}

absl::Status CopyProgram(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const base::Fd source, OpenProgram(from));
  RETURN_IF_ERROR(RemoveName(to));
  ASSIGN_OR_RETURN(
      const base::Fd target,
      base::Open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kProgramMode));
  absl::Cleanup discard = [&] { unlink(to.c_str()); };
  RETURN_IF_ERROR(ReadPieces(source.get(), from, [&](absl::string_view piece) {
    return base::Annotate(base::WriteAll(target.get(), piece), to);
  }));
  // Whatever the umask.
  if (fchmod(target.get(), kProgramMode) != 0) {
    return base::ErrnoStatus("chmod " + to);
  }
  if (fsync(target.get()) != 0) return base::ErrnoStatus("fsync " + to);
  std::move(discard).Cancel();
  return absl::OkStatus();
}

absl::Status AddName(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(RemoveName(to));
  // Without AT_SYMLINK_FOLLOW: a link gets the name itself.
  if (linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0) != 0) {
    return base::ErrnoStatus(absl::StrCat("link ", from, " to ", to));
  }
  return SyncFolderOf(to);
}

absl::Status Move(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return base::ErrnoStatus(absl::StrCat("rename ", from, " to ", to));
  }
  // rename(2) leaves two names of one file as they are.
  RETURN_IF_ERROR(RemoveName(from));
  return SyncFolderOf(to);
}

absl::Status Remove(const std::string& path) {
  if (!Exists(path)) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveName(path));
  return SyncFolderOf(path);
}

bool Exists(const std::string& path) {
  struct stat info = {};
  return lstat(path.c_str(), &info) == 0;
}

}  // namespace applets::upgrade
