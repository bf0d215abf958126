#ifndef CNIVPC_NETLINK_POD_CHECK_H_
#define CNIVPC_NETLINK_POD_CHECK_H_

#include "absl/status/status.h"
#include "netlink/pod_network.h"
#include "netlink/socket.h"

namespace netlink {

// OK when a pod's network is as SetUp made it; NotFound or FailedPrecondition
// says what is missing or wrong. What later plugins in a chain do is tolerated:
// further addresses and routes, another MTU or MAC. The indexes are not
// compared, so a caller that doesn't know them leaves them 0; `pod_mac` is the
// one that SetUp was given (or zero where it isn't known): only where the pod
// still has it must the neighbour entry still be there.
//
// `host` is a socket in the node's namespace; `netns_fd` is borrowed.
absl::Status Check(Socket& host, int netns_fd, const PodNetwork& made);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_CHECK_H_
