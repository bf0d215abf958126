#include "vpc/ucloud/creations.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "base/status.h"
#include "glog/logging.h"

namespace vpc::ucloud {
namespace {

constexpr size_t kMaxFileBytes = 64;

}  // namespace

// Names hold ids from outside.
std::string Creations::PathOf(absl::string_view name) const {
  return absl::StrCat(folder_, "/", absl::StrReplaceAll(name, {{"/", "_"}}),
                      ".creating");
}

absl::Time Creations::UncertainUntil(absl::string_view name,
                                     absl::Time now) const {
  const auto text = base::ReadFile(PathOf(name), kMaxFileBytes);
  if (base::ErrnoOf(text.status()) == ENOENT) return absl::InfinitePast();
  int64_t ns = 0;
  if (!text.ok() || !absl::SimpleAtoi(*text, &ns)) return now + kUncertain;
  // A clock that was put back makes nobody wait for longer.
  const absl::Time until = std::min(absl::FromUnixNanos(ns), now) + kUncertain;
  return until > now ? until : absl::InfinitePast();
}

absl::Status Creations::Begin(absl::string_view name, absl::Time now) {
  RETURN_IF_ERROR(base::MakeDirectories(folder_));
  return base::WriteFileAtomically(PathOf(name),
                                   absl::StrCat(absl::ToUnixNanos(now)));
}

void Creations::End(absl::string_view name) {
  const std::string path = PathOf(name);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    LOG(WARNING) << "vpc: " << base::ErrnoStatus("unlink " + path).message();
  }
}

}  // namespace vpc::ucloud
