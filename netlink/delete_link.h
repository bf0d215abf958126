#ifndef CNIVPC_NETLINK_DELETE_LINK_H_
#define CNIVPC_NETLINK_DELETE_LINK_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "netlink/socket.h"

namespace netlink {

// Deleting a link is quick, but the process that asked for it then waits for
// every CPU to let go of its memory (rcu_barrier, some 20 ms). These two ways
// keep that wait out of the answer to a DEL.

// The group (IFLA_GROUP) that links are put in to be deleted together: "ucni".
inline constexpr uint32_t kDoomedGroup = 0x75636e69;

// Deletes many links with one wait: puts each into kDoomedGroup, then deletes
// the group. Links that are gone already are no error. Blocks; for a worker
// thread. A caller that must answer sooner watches for LinkGone (monitor.h).
absl::Status DeleteLinks(Socket& socket, absl::Span<const uint32_t> ifindexes);

// Deletes one link and returns when the kernel has announced that it is gone:
// by then its name, routes and addresses are, too. A child process without any
// descriptor of ours but its socket does the waiting and may outlive us; if it
// is done in time it is reaped here. For the plugin, a process with one thread
// that exits soon; not for the daemon.
//
// Must be called in the network namespace of the link. OK at once when there is
// no such link; DeadlineExceeded when `limit` passes; the kernel's error when
// it refuses.
absl::Status DeleteLinkUntilGone(uint32_t ifindex, absl::Duration limit);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_DELETE_LINK_H_
