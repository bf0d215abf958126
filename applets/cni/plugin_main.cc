#include "applets/cni/plugin_main.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/cni/config.h"
#include "applets/cni/log.h"
#include "applets/cni/plugin.h"
#include "applets/cni/system_leasing.h"
#include "base/file.h"

namespace applets::cni {
namespace {

absl::Duration SinceBoot() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

// Somebody who tries the plugin at a terminal gets an error and needn't know of
// Control-D.
absl::StatusOr<std::string> ReadStdin() {
  if (isatty(STDIN_FILENO) != 0) return std::string();
  return base::ReadAll(STDIN_FILENO, kMaxConfigBytes);
}

}  // namespace

int PluginMain(int, char**) {
  const Invocation invocation = {.getenv = [](const char* name) -> const char* {
                                   return std::getenv(name);
                                 },
                                 .read_stdin = ReadStdin,
                                 .now = absl::Now,
                                 .started_at = SinceBoot()};
  SystemLeasing leasing;
  const Outcome outcome = Run(invocation, leasing);
  const absl::Status written = base::WriteAll(STDOUT_FILENO, outcome.out);
  // Logs are no reason to fail.
  if (!outcome.log.empty()) {
    base::WriteAll(STDERR_FILENO, absl::StrCat(outcome.log, "\n"))
        .IgnoreError();
    if (!outcome.log_file.empty()) {
      AppendLine(outcome.log_file, outcome.log).IgnoreError();
    }
  }
  return written.ok() ? outcome.exit_status : 1;
}

}  // namespace applets::cni
