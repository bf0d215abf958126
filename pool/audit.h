#ifndef CNIVPC_POOL_AUDIT_H_
#define CNIVPC_POOL_AUDIT_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "pool/pool.h"

namespace pool {

// Compares the pool with what the VPC lists as this node's. A cloud's reads lag
// behind its writes, so nothing is believed that hasn't been seen twice, the
// second list being asked for `settle` after the first one came: it shows the
// VPC as it was after that. (Not after the first one was asked for: an address
// may leave the pool while a slow list is on its way that still has it.) An
// address that has been in its state for so long was there at the first look.
// Pure; remembers what it has seen once.
class Audit {
 public:
  // `settle`: longer than reads may lag. `latest_effect`: longer than a call
  // whose answer was lost may take until it is done, from when it was given up:
  // what was sent last, after attempts that failed or for lack of budget, may
  // have been sent only just before.
  Audit(absl::Duration settle, absl::Duration latest_effect)
      : settle_(settle), latest_effect_(latest_effect) {}

  struct Findings {
    // Listed, and the pool doesn't know of them: leaked by a call whose answer
    // was lost, or given to the node behind our back.
    std::vector<base::Ipv4> found;
    // In the pool, and no longer listed; not those that are being released or
    // shifted, nor those that are quarantined, for nobody gets them anyway.
    std::vector<base::Ipv4> missing;
    // Allocations whose answer was lost: if they gave something, the pool knows
    // it by now.
    std::vector<Intent> settled;
  };
  // When the calls of allocations ended; of those that aren't here they
  // haven't.
  using Ends = std::map<int64_t, absl::Time>;
  // What the VPC said to a call for its list. It shows the VPC as it was at
  // some time after `asked_at` less `settle`, but the pool is looked at when it
  // is told.
  struct Look {
    const std::vector<base::Ipv4>& listed;
    absl::Time asked_at;
    absl::Time told_at;
  };
  Findings Compare(const Pool& pool, const Look& look, const Ends& ended);

  // The address was given back to the VPC, or has come from it: what was seen
  // of it before says nothing any more.
  void Forget(base::Ipv4 address);

  // When another look would tell more; InfiniteFuture if nothing is suspected.
  absl::Time deadline() const;

 private:
  // Since when something looks wrong.
  template <typename Key>
  using Suspects = std::map<Key, absl::Time>;
  template <typename Key>
  std::vector<Key> Confirm(Suspects<Key>& suspects, const std::set<Key>& now,
                           const Look& look);

  const absl::Duration settle_;
  const absl::Duration latest_effect_;
  Suspects<base::Ipv4> unknown_;
  Suspects<base::Ipv4> unlisted_;
  // Of allocations whose answer was lost, the first that will be settled.
  absl::Time first_settled_ = absl::InfiniteFuture();
};

}  // namespace pool

#endif  // CNIVPC_POOL_AUDIT_H_
