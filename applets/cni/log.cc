#include "applets/cni/log.h"

#include <fcntl.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::cni {
namespace {

constexpr int kLogFileMode = 0640;

bool IsPlain(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), absl::ascii_isgraph) &&
         !absl::StrContains(value, '"') && !absl::StrContains(value, '\\');
}

// " key=value", nothing when the value is empty.
std::string Field(absl::string_view key, absl::string_view value) {
  if (value.empty()) return "";
  if (IsPlain(value)) return absl::StrCat(" ", key, "=", value);
  return absl::StrCat(" ", key, "=\"", absl::CEscape(value), "\"");
}

std::string PodOf(const Args& args) {
  if (args.pod_namespace.empty()) return args.pod_name;
  return absl::StrCat(args.pod_namespace, "/", args.pod_name);
}

}  // namespace

std::string FormatLine(const LogEntry& entry) {
  const Environment& environment = entry.environment;
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", entry.time,
                       absl::UTCTimeZone()),
      entry.severity == Severity::kError ? " ERROR" : " WARNING",
      Field("verb", ToString(environment.verb)),
      Field("network", entry.network),
      Field("container", environment.container_id),
      Field("ifname", environment.ifname), Field("netns", environment.netns),
      Field("pod", PodOf(environment.args)),
      Field("code", absl::StrCat(static_cast<int>(entry.error.code))),
      Field("msg", entry.error.msg), Field("details", entry.error.details));
}

absl::Status AppendLine(const std::string& path, absl::string_view line) {
  ASSIGN_OR_RETURN(const base::Fd file,
                   base::Open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
                              kLogFileMode));
  return base::WriteAll(file.get(), absl::StrCat(line, "\n"));
}

}  // namespace applets::cni
