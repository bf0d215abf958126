#ifndef CNIVPC_POOL_RECOVERY_H_
#define CNIVPC_POOL_RECOVERY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/pool.h"

// What to make of addresses that the VPC counts as ours and the pool doesn't
// know. Pure.
namespace pool {

// A pod on this node, as the kernel knows it.
struct User {
  base::Ipv4 address;
  std::string host_ifname;
  // Empty when another plugin made it (UK8S's own has no alias).
  base::Attachment attachment;
};

// The pods that addresses are fixed to.
using Tenants = std::map<base::Ipv4, Tenant>;

// `records`, which put addresses into the pool, with their tenants: what would
// be free is fixed.
Records WithTenants(Records records, const Tenants& tenants);

// Takes in those of `found` that the pool doesn't know: one that a pod of ours
// uses is leased to it again (detaching, if a DEL came meanwhile), one that
// another plugin's pod uses is quarantined; who had the others last isn't
// known, so they are probed (Policy::probing) or cool down.
Records DecideTakeIn(const Pool& pool, const std::string& subnet,
                     const std::vector<base::Ipv4>& found,
                     const std::vector<User>& users, absl::Time now);

// The same when the store was lost not long ago: the others cool down in any
// case, for pods may have had them a moment ago, or are quarantined if they may
// have been promised to other nodes (Policy::loss_hold).
Records DecideTakeInAfterLoss(const Pool& pool, const std::string& subnet,
                              const std::vector<base::Ipv4>& found,
                              const std::vector<User>& users, absl::Time now);

// The first time after that, when the pool knows nothing. Pods of ours whose
// address the VPC doesn't list (its lists lag behind, or it lost them, too) are
// leased all the same: they run.
Records DecideRebuild(const Pool& pool, const std::string& subnet,
                      const std::vector<base::Ipv4>& listed,
                      const std::vector<User>& users, absl::Time now);

// Closes allocations that were opened before `settled`, so long ago that the
// VPC's list has what they gave.
Records DecideSettled(const Pool& pool, absl::Time settled);

}  // namespace pool

#endif  // CNIVPC_POOL_RECOVERY_H_
