// What the plugin leaves for the operator: a line for each call that failed, or
// that only just didn't.
#ifndef CNIVPC_APPLETS_CNI_LOG_H_
#define CNIVPC_APPLETS_CNI_LOG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/cni/environment.h"
#include "applets/cni/error.h"

namespace applets::cni {

enum class Severity {
  kWarning,  // we coped
  kError     // the runtime was told of it
};

struct LogEntry {
  absl::Time time;
  Severity severity = Severity::kError;
  Environment environment;  // as far as it is known
  std::string network;
  Error error;
};

// One line without its newline:
//
//   2023-11-24T03:00:00.123Z ERROR verb=ADD network=cnivpc container=3f2a
//   ifname=eth0 netns=/run/netns/a pod=shop/web-0 code=11
//   msg="try again later" details="ipamd is starting"
//
// Values with anything but printable ASCII, or a blank, are in quotes with C
// escapes; empty ones are left out.
std::string FormatLine(const LogEntry& entry);

// Appends a line to the file in one write, so that lines of concurrent plugins
// don't mix. Makes the file if need be, with mode 0640.
absl::Status AppendLine(const std::string& path, absl::string_view line);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_LOG_H_
