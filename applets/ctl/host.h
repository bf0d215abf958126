#ifndef CNIVPC_APPLETS_CTL_HOST_H_
#define CNIVPC_APPLETS_CTL_HOST_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/ctl/calls.h"
#include "applets/ctl/options.h"
#include "applets/ctl/tar.h"
#include "kube/custom_resources.h"

namespace applets::ctl {

// Exit statuses, as --help tells them.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  // the daemon can't be reached, or said no
inline constexpr int kUsage = 2;   // nothing was asked
// The answer is no: `status` finds that no address could be leased; what was
// asked for was declined, or done in part only.
inline constexpr int kNo = 3;

// All that a command has to say.
struct Outcome {
  int exit_status = kDone;
  std::string out;  // for stdout
  std::string err;  // for stderr
};

// What a command needs from the outside.
struct Host {
  // To the ipamd at options.socket, or by it to that of options.node; or to
  // that of options.node by options.kubeconfig. NOT_FOUND: nobody listens
  // there.
  std::function<absl::StatusOr<Connection>(const Options&)> connect;
  // The nodes of the cluster of options.kubeconfig.
  std::function<absl::StatusOr<std::vector<kube::Ipamd>>(const Options&)> nodes;
  std::function<absl::Time()> now;

  // Prints at once, to stdout; false when nobody reads it any more.
  std::function<bool(absl::string_view)> print;
  // Prints a question to stderr; the line that is answered, "" when nobody
  // does.
  std::function<std::string(const std::string& question)> ask;
  // Waits; false when it is time to end.
  std::function<bool(absl::Duration)> pause;

  // For `bundle`. The end of a file, at most so many bytes; the paths of the
  // files in a folder; what the kernel has of networks, as text.
  std::function<absl::StatusOr<std::string>(const std::string&, size_t)> tail;
  std::function<absl::StatusOr<std::vector<std::string>>(const std::string&)>
      list;
  std::function<std::vector<TarFile>()> look_at_kernel;
  std::function<absl::Status(const std::string&, absl::string_view)> write;
};

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_HOST_H_
