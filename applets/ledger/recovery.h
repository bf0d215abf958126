#ifndef CNIVPC_APPLETS_LEDGER_RECOVERY_H_
#define CNIVPC_APPLETS_LEDGER_RECOVERY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ledger/ledger.h"
#include "base/address.h"
#include "base/attachment.h"
#include "netlink/socket.h"
#include "vpc/provider.h"

namespace applets::ledger {

// What the node's kernel knows of pods; found by LookAtKernel.
struct KernelPod {
  base::Ipv4 address;
  std::string host_ifname;
  // Empty when another plugin made it (UK8S's own has no alias).
  base::Attachment attachment;
};
absl::StatusOr<std::vector<KernelPod>> LookAtKernel(netlink::Socket& host);

// The records that bring the pool in line with `listed`, which the VPC counts
// as this node's, and the kernel:
//  - open intents: what an allocation gave is adopted, what a release gave back
//    is dropped, what it didn't is kept;
//  - at a rebuild, pods of ours whose address it doesn't list (its lists lag
//    behind, or it lost them, too) are leased all the same: they run;
//  - addresses we didn't know of: those that a pod of ours uses are leased to
//    it again (the store was lost), those that another plugin's pod uses are
//    quarantined, and the rest cool down, for who used them last isn't known.
// Addresses that the VPC doesn't list are kept: its lists lag behind.
// Pure.
enum class Scope { kOpenIntents, kRebuild };
pool::Records Reconcile(const pool::Pool& pool, const std::string& subnet,
                        const std::vector<base::Ipv4>& listed,
                        const std::vector<KernelPod>& kernel, Scope scope,
                        absl::Time now);

// Claims from the VPC the addresses of our pods that it didn't list. Blocks.
// What it refuses is logged: somebody must look at it.
void ClaimUnlisted(vpc::Provider& provider,
                   const std::vector<base::Ipv4>& listed,
                   const std::vector<KernelPod>& kernel);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_RECOVERY_H_
