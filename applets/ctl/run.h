#ifndef CNIVPC_APPLETS_CTL_RUN_H_
#define CNIVPC_APPLETS_CTL_RUN_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "applets/rpc/client.h"

namespace applets::ctl {

// Exit statuses, as --help tells them.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  // the daemon can't be reached, or said no
inline constexpr int kUsage = 2;   // nothing was asked

// What a command needs from the outside.
struct Host {
  std::function<absl::StatusOr<rpc::Client>(const std::string& socket_path,
                                            absl::Duration timeout)>
      connect;
  std::function<absl::Time()> now;
};

// All that a command has to say.
struct Outcome {
  int exit_status = kDone;
  std::string out;  // for stdout
  std::string err;  // for stderr
};

// Does what the arguments (without the program's name) ask for. Blocks for at
// most --timeout.
Outcome Run(absl::Span<const std::string> arguments, const Host& host);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_RUN_H_
