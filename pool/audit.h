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
// behind its writes, so nothing is believed that hasn't been seen twice,
// `settle` apart: the second look shows the VPC as it was after the first. An
// address that has been in its state for so long was there at the first look.
// Pure; remembers what it has seen once.
class Audit {
 public:
  // `settle`: longer than reads may lag. `latest_effect`: longer than a call
  // whose answer was lost may take until it is done.
  Audit(absl::Duration settle, absl::Duration latest_effect)
      : settle_(settle), latest_effect_(latest_effect) {}

  struct Findings {
    // Listed, and the pool doesn't know of them: leaked by a call whose answer
    // was lost, or given to the node behind our back.
    std::vector<base::Ipv4> found;
    // In the pool, and no longer listed; not those that are being released or
    // shifted.
    std::vector<base::Ipv4> missing;
    // Allocations whose answer was lost: if they gave something, the pool knows
    // it by now.
    std::vector<Intent> settled;
  };
  // `listed` is what the VPC said to a call that began at `asked_at`; intents
  // `in_flight` are calls that haven't ended.
  Findings Compare(const Pool& pool, const std::vector<base::Ipv4>& listed,
                   const std::set<int64_t>& in_flight, absl::Time asked_at);

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
                           absl::Time asked_at);

  absl::Time SettledAt(const Intent& intent) const {
    return intent.opened_at + latest_effect_ + settle_;
  }

  const absl::Duration settle_;
  const absl::Duration latest_effect_;
  Suspects<base::Ipv4> unknown_;
  Suspects<base::Ipv4> unlisted_;
  // Of allocations whose answer was lost, the first that will be settled.
  absl::Time first_settled_ = absl::InfiniteFuture();
};

}  // namespace pool

#endif  // CNIVPC_POOL_AUDIT_H_
