#ifndef CNIVPC_NETLINK_POD_TEARDOWN_H_
#define CNIVPC_NETLINK_POD_TEARDOWN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/link.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink {

// What a DEL knows of the network that is to go; all but the alias may be
// unknown (a DEL has no prevResult, the store was lost).
struct PodTraces {
  std::string alias = {};        // attachment.h: AttachmentAlias
  std::string host_ifname = {};  // empty: the link is looked for by its alias
  std::optional<base::Ipv4> address =
      std::nullopt;           // empty: read off the host end's route
  uint32_t node_ifindex = 0;  // 0: its proxies are looked for on every link
};

// How long TearDown waits for the link to be gone.
inline constexpr absl::Duration kTearDownLimit = absl::Seconds(10);

// Removes a pod's network from the node, the proxy neighbour and the rules
// first, then the link, and returns when the link is gone (delete_link.h:
// DeleteLinkUntilGone, with its conditions). Whatever is missing is no error.
// For the plugin, when no daemon does it. A link that has the name but another
// attachment's alias is a newer sandbox's: it stays, and so do rule and proxy
// if they serve its address. A link of that name without any alias was made by
// UK8S's own plugin and goes.
absl::Status TearDown(Socket& host, const PodTraces& traces);

// The pieces, for the daemon, which deletes links many at a time
// (delete_link.h: DeleteLinks) and answers on LinkGone (monitor.h).

// The attachment's host end; NotFound when there is none.
absl::StatusOr<Link> FindHostEnd(Socket& host, const PodTraces& traces);

// Whether the node routes `address` to a link other than `ifindex`: then rule
// and proxy serve another attachment and must stay.
absl::StatusOr<bool> ServesAnother(Socket& host, base::Ipv4 address,
                                   uint32_t ifindex);

// Adds the removal of the proxy neighbour, of the rule and of the one that pods
// on further interfaces have, whichever table it names; IgnoreMissing takes
// what they answer.
void AddRemoval(Batch& batch, base::Ipv4 address, uint32_t node_ifindex);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_POD_TEARDOWN_H_
