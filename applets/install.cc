#include "applets/install.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"

namespace applets {
namespace {

constexpr char kProgram[] = "cnivpc";
constexpr size_t kMaxProgramBytes = size_t{256} << 20;

absl::StatusOr<std::string> RealPath(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> real(
      realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return base::ErrnoStatus(path);
  return std::string(real.get());
}

enum class Found { kFree, kExecutable, kOther };

// What stands at `path` now. A link counts as free: it may be replaced.
absl::StatusOr<Found> Look(const std::string& path,
                           const std::string& executable) {
  struct stat at_path, at_executable;
  if (lstat(path.c_str(), &at_path) < 0) {
    if (errno == ENOENT) return Found::kFree;
    return base::ErrnoStatus(path);
  }
  if (S_ISLNK(at_path.st_mode)) return Found::kFree;
  if (stat(executable.c_str(), &at_executable) < 0) {
    return base::ErrnoStatus(executable);
  }
  const bool same = at_path.st_dev == at_executable.st_dev &&
                    at_path.st_ino == at_executable.st_ino;
  return same ? Found::kExecutable : Found::kOther;
}

absl::Status ReplaceLink(const std::string& path, const std::string& target) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".new");
  if (symlink(target.c_str(), temporary.c_str()) < 0) {
    return base::ErrnoStatus(absl::StrCat("symlink ", temporary));
  }
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  if (std::rename(temporary.c_str(), path.c_str()) < 0) {
    return base::ErrnoStatus(absl::StrCat("rename to ", path));
  }
  std::move(remove).Cancel();
  return absl::OkStatus();
}

}  // namespace

std::string RelativePath(absl::string_view from, absl::string_view to) {
  std::vector<absl::string_view> up =
      absl::StrSplit(from, '/', absl::SkipEmpty());
  std::vector<absl::string_view> down =
      absl::StrSplit(to, '/', absl::SkipEmpty());
  const auto [parted, rest] = absl::c_mismatch(up, down);
  std::vector<absl::string_view> parts(up.end() - parted, "..");
  parts.insert(parts.end(), rest, down.end());
  return absl::StrJoin(parts, "/");
}

absl::StatusOr<std::vector<std::string>> InstallLinks(
    const std::string& directory, const std::string& executable,
    absl::Span<const absl::string_view> names) {
  ASSIGN_OR_RETURN(const std::string folder, RealPath(directory));
  ASSIGN_OR_RETURN(const std::string program, RealPath(executable));
  std::vector<std::string> links, in_the_way;
  for (absl::string_view name : names) {
    std::string path = absl::StrCat(folder, "/", name);
    ASSIGN_OR_RETURN(const Found found, Look(path, program));
    if (found == Found::kExecutable) continue;
    (found == Found::kFree ? links : in_the_way).push_back(std::move(path));
  }
  if (!in_the_way.empty()) {
    return absl::AlreadyExistsError(absl::StrCat(
        absl::StrJoin(in_the_way, ", "), ": not a link, left alone"));
  }
  const std::string target = RelativePath(folder, program);
  for (const std::string& link : links) {
    RETURN_IF_ERROR(ReplaceLink(link, target));
  }
  return links;
}

absl::Status InstallCopy(const std::string& directory,
                         const std::string& executable) {
  ASSIGN_OR_RETURN(const std::string folder, RealPath(directory));
  ASSIGN_OR_RETURN(const std::string program,
                   base::ReadFile(executable, kMaxProgramBytes));
  return base::WriteFileAtomically(absl::StrCat(folder, "/", kProgram), program,
                                   0755);
}

}  // namespace applets
