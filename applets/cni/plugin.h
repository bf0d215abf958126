// One call of the plugin from end to end, with its surroundings injected, so
// that a test can make it in-process.
#ifndef CNIVPC_APPLETS_CNI_PLUGIN_H_
#define CNIVPC_APPLETS_CNI_PLUGIN_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/cni/lease_source.h"

namespace applets::cni {

struct Invocation {
  std::function<const char*(const char* name)> getenv;
  std::function<absl::StatusOr<std::string>()> read_stdin;
  std::function<absl::Time()> now;
  absl::Duration started_at;  // CLOCK_BOOTTIME
};

struct Outcome {
  int exit_status = 0;
  std::string out;       // for stdout: JSON and a newline, or nothing
  std::string log;       // a line for stderr and the log file, or nothing
  std::string log_file;  // where to append it; "" for nowhere
};

// Never fails: a failure is an Outcome too (CNI SPEC §2 Errors), exit status 1
// and an error on stdout. It has the configuration's cniVersion even if
// something else is wrong with the call.
Outcome Run(const Invocation& invocation, Leasing& leasing);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_PLUGIN_H_
