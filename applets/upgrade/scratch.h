// Network namespaces to try a plugin in. Each is gone with its descriptor, even
// if this process is killed. Need CAP_SYS_ADMIN and CAP_NET_ADMIN.
#ifndef CNIVPC_APPLETS_UPGRADE_SCRATCH_H_
#define CNIVPC_APPLETS_UPGRADE_SCRATCH_H_

#include "absl/status/statusor.h"
#include "base/address.h"
#include "base/fd.h"

namespace applets::upgrade {

// An empty one, as a container runtime makes for a pod: loopback is up.
absl::StatusOr<base::Fd> MakePodNetns();

// One that looks like a node: eth0 with an address and a default route, at
// whose other end nobody answers.
struct ScratchNode {
  base::Fd netns;
  base::Fd fabric;  // the other end's
};
absl::StatusOr<ScratchNode> MakeScratchNode();

// The subnet of that node: TEST-NET-1 (RFC 5737), which no network has.
inline constexpr char kScratchSubnet[] = "192.0.2.0/24";

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_SCRATCH_H_
