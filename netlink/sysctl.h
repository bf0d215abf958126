#ifndef CNIVPC_NETLINK_SYSCTL_H_
#define CNIVPC_NETLINK_SYSCTL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace netlink {

// Kernel settings under /proc/sys. Those under net/ are of the network
// namespace that the calling thread is in.
//
// A name is written as sysctl(8) takes it: whichever of '.' and '/' comes first
// in it separates; in a dotted name '/' stands for a dot within a part. So
// interface eth0.100 is net/ipv4/conf/eth0.100/forwarding or
// net.ipv4.conf.eth0/100.forwarding.
class Sysctl {
 public:
  // `root` is another folder in tests.
  explicit Sysctl(std::string root = "/proc/sys") : root_(std::move(root)) {}

  // Without the newline, runs of blanks made one space ("32768 60999").
  // NotFound when there is no such setting; InvalidArgument for a name with an
  // empty part or "..".
  absl::StatusOr<std::string> Get(absl::string_view name) const;

  // Writes only what differs, since a write costs more than a read and may be
  // forbidden where nothing needs it.
  absl::Status Set(absl::string_view name, absl::string_view value) const;

 private:
  std::string root_;
};

// "net/ipv4/ip_forward" of either form of name; InvalidArgument as above.
absl::StatusOr<std::string> SysctlPath(absl::string_view name);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_SYSCTL_H_
