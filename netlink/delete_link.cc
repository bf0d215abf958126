#include "netlink/delete_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "absl/time/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/link.h"
#include "netlink/monitor.h"

namespace netlink {
namespace {

// The child: nothing of ours must stay open in it, neither the streams that a
// container runtime reads to their end nor a lock. Its exit code is the errno.
[[noreturn]] void DeleteAndExit(Socket& socket, uint32_t ifindex) {
  const unsigned keep = static_cast<unsigned>(socket.fd());
  if (keep > 0) syscall(SYS_close_range, 0U, keep - 1, 0U);
  syscall(SYS_close_range, keep + 1, ~0U, 0U);
  const absl::Status status = socket.Transact(DeleteLink(ifindex));
  const int error_number = base::ErrnoOf(status);
  _exit(status.ok() ? 0 : error_number != 0 ? error_number : EIO);
}

bool Announces(const Event& event, uint32_t ifindex) {
  const auto* gone = std::get_if<LinkGone>(&event);
  return gone != nullptr && gone->ifindex == ifindex;
}

// A child that deletes a link, seen from the parent.
class Deletion {
 public:
  static absl::StatusOr<Deletion> Start(uint32_t ifindex);

  // True when the link is gone; false if it isn't known yet.
  absl::StatusOr<bool> Wait(absl::Duration limit);
  // Reaps the child if it has ended.
  void Reap() { waitpid(child_, nullptr, WNOHANG); }

 private:
  Deletion(Monitor monitor, pid_t child, uint32_t ifindex);

  // What the child's end says: gone, or the kernel's refusal.
  absl::StatusOr<bool> Outcome();
  absl::StatusOr<bool> Heard();

  Monitor monitor_;
  pid_t child_;
  base::Fd child_fd_;  // readable when the child has ended
  uint32_t ifindex_;
};

Deletion::Deletion(Monitor monitor, pid_t child, uint32_t ifindex)
    : monitor_(std::move(monitor)),
      child_(child),
      child_fd_(static_cast<int>(syscall(SYS_pidfd_open, child, 0U))),
      ifindex_(ifindex) {}

absl::StatusOr<Deletion> Deletion::Start(uint32_t ifindex) {
  // Both before the fork: the monitor must not miss the announcement.
  ASSIGN_OR_RETURN(Monitor monitor, Monitor::Open({MonitorGroup::kLink}));
  ASSIGN_OR_RETURN(Socket socket, Socket::Open());
  const pid_t child = fork();
  if (child < 0) return base::ErrnoStatus("fork");
  if (child == 0) DeleteAndExit(socket, ifindex);
  return Deletion(std::move(monitor), child, ifindex);
}

absl::StatusOr<bool> Deletion::Outcome() {
  int ended = 0;
  if (waitpid(child_, &ended, 0) < 0) return base::ErrnoStatus("waitpid");
  if (!WIFEXITED(ended)) return absl::InternalError("deletion: child killed");
  if (WEXITSTATUS(ended) == 0 || WEXITSTATUS(ended) == ENODEV) return true;
  return base::ErrnoStatus("delete link", WEXITSTATUS(ended));
}

absl::StatusOr<bool> Deletion::Heard() {
  ASSIGN_OR_RETURN(const auto notices, monitor_.Receive());
  return std::any_of(notices.begin(), notices.end(), [&](const Notice& notice) {
    return Announces(notice.event, ifindex_);
  });
}

absl::StatusOr<bool> Deletion::Wait(absl::Duration limit) {
  // A negative descriptor, where there is no pidfd, is passed over.
  pollfd ready[] = {{monitor_.fd(), POLLIN, 0}, {child_fd_.get(), POLLIN, 0}};
  const int milliseconds = static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(limit, absl::Milliseconds(1))));
  if (poll(ready, std::size(ready), milliseconds) < 0 && errno != EINTR) {
    return base::ErrnoStatus("poll");
  }
  if (ready[1].revents != 0) return Outcome();
  return Heard();
}

}  // namespace

absl::Status DeleteLinks(Socket& socket, absl::Span<const uint32_t> ifindexes) {
  if (ifindexes.empty()) return absl::OkStatus();
  Batch batch;
  for (const uint32_t ifindex : ifindexes) {
    batch.Add(ChangeLink({.ifindex = ifindex, .group = kDoomedGroup}));
  }
  batch.Add(DeleteLinkGroup(kDoomedGroup));
  for (const absl::Status& status : socket.Transact(batch)) {
    RETURN_IF_ERROR(IgnoreMissing(status));
  }
  return absl::OkStatus();
}

absl::Status DeleteLinkUntilGone(uint32_t ifindex, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  ASSIGN_OR_RETURN(Deletion deletion, Deletion::Start(ifindex));
  for (absl::Duration left = limit; left > absl::ZeroDuration();
       left = deadline - absl::Now()) {
    const absl::StatusOr<bool> gone = deletion.Wait(left);
    if (!gone.ok()) return gone.status();
    if (!*gone) continue;
    deletion.Reap();
    return absl::OkStatus();
  }
  deletion.Reap();
  return absl::DeadlineExceededError("the link is not gone yet");
}

}  // namespace netlink
