#ifndef CNIVPC_NETLINK_NETNS_H_
#define CNIVPC_NETLINK_NETNS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/fd.h"
#include "netlink/socket.h"

namespace netlink {

// Opens the network namespace at `path`, /run/netns/x or /proc/PID/ns/net.
// NotFound when nothing is there; InvalidArgument when it is something else, a
// plain file (a namespace that was unmounted) or another kind of namespace.
absl::StatusOr<base::Fd> OpenNetns(const std::string& path);

// The calling thread is in another network namespace while this lives: long
// enough to make a socket or write a sysctl, no longer (setns(2)). Must be
// destroyed by the thread that made it. Needs CAP_SYS_ADMIN.
class NetnsScope {
 public:
  static absl::StatusOr<NetnsScope> Enter(int netns_fd);

  NetnsScope(NetnsScope&&) noexcept = default;
  NetnsScope& operator=(NetnsScope&&) = delete;
  // Returns to where the thread was. Dies if it can't: going on in the wrong
  // namespace would be worse.
  ~NetnsScope();

 private:
  explicit NetnsScope(base::Fd home) : home_(std::move(home)) {}

  base::Fd home_;
};

// A socket that belongs to that namespace; the thread stays where it is.
absl::StatusOr<Socket> SocketIn(int netns_fd);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_NETNS_H_
