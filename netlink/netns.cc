#include "netlink/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

// Under /proc, not /proc/self: other threads may be elsewhere.
constexpr char kOwnNetns[] = "/proc/thread-self/ns/net";

}  // namespace

absl::StatusOr<base::Fd> OpenNetns(const std::string& path) {
  // O_NONBLOCK: somebody's FIFO must not hang us.
  base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return base::ErrnoStatus(absl::StrCat("network namespace ", path));
  }
  struct statfs filesystem;
  if (fstatfs(fd.get(), &filesystem) != 0) {
    return base::ErrnoStatus(absl::StrCat("fstatfs ", path));
  }
  // First the filesystem: on a device the ioctl might mean something else.
  if (filesystem.f_type != NSFS_MAGIC ||
      ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not a network namespace"));
  }
  return fd;
}

absl::StatusOr<NetnsScope> NetnsScope::Enter(int netns_fd) {
  base::Fd home(open(kOwnNetns, O_RDONLY | O_CLOEXEC));
  if (!home.valid()) return base::ErrnoStatus(kOwnNetns);
  if (setns(netns_fd, CLONE_NEWNET) != 0) {
    return base::ErrnoStatus("enter network namespace");
  }
  return NetnsScope(std::move(home));
}

NetnsScope::~NetnsScope() {
  if (!home_.valid() || setns(home_.get(), CLONE_NEWNET) == 0) return;
  std::perror("return to the own network namespace");
  std::abort();
}

absl::StatusOr<Socket> SocketIn(int netns_fd) {
  ASSIGN_OR_RETURN(const NetnsScope scope, NetnsScope::Enter(netns_fd));
  return Socket::Open();
}

}  // namespace netlink
