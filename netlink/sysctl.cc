#include "netlink/sysctl.h"

#include <fcntl.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace netlink {
namespace {

// No setting of ours comes near.
constexpr size_t kMaxValueBytes = 4096;

std::string Normalize(absl::string_view value) {
  return absl::StrJoin(
      absl::StrSplit(value, absl::ByAnyChar(" \t\n"), absl::SkipEmpty()), " ");
}

}  // namespace

absl::StatusOr<std::string> SysctlPath(absl::string_view name) {
  std::string path(name);
  const size_t separator = name.find_first_of("./");
  if (separator != absl::string_view::npos && name[separator] == '.') {
    for (char& c : path) {
      if (c == '.') {
        c = '/';
      } else if (c == '/') {
        c = '.';
      }
    }
  }
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(
          absl::StrCat("not the name of a sysctl: \"", name, "\""));
    }
  }
  return path;
}

absl::StatusOr<std::string> Sysctl::Get(absl::string_view name) const {
  ASSIGN_OR_RETURN(const std::string path, SysctlPath(name));
  ASSIGN_OR_RETURN(
      const std::string value,
      base::ReadFile(absl::StrCat(root_, "/", path), kMaxValueBytes));
  return Normalize(value);
}

absl::Status Sysctl::Set(absl::string_view name,
                         absl::string_view value) const {
  ASSIGN_OR_RETURN(const std::string present, Get(name));
  if (present == Normalize(value)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string path, SysctlPath(name));
  ASSIGN_OR_RETURN(const base::Fd fd,
                   base::Open(absl::StrCat(root_, "/", path), O_WRONLY));
  // One write: the kernel takes each as a value of its own.
  return base::Annotate(base::WriteAll(fd.get(), value),
                        absl::StrCat("sysctl ", name));
}

}  // namespace netlink
