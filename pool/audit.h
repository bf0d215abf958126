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
// `settle` apart: the second look shows the VPC as it was after the first.
// Pure; remembers what it has seen once.
class Audit {
 public:
  // `settle`: longer than reads may lag.
  explicit Audit(absl::Duration settle) : settle_(settle) {}

  struct Findings {
    // Listed, and the pool doesn't know of them: leaked by a call whose answer
    // was lost, or given to the node behind our back.
    std::vector<base::Ipv4> found;
    // In the pool, and no longer listed; not those that are being released.
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

  const absl::Duration settle_;
  Suspects<base::Ipv4> unknown_;
  Suspects<base::Ipv4> unlisted_;
  Suspects<int64_t> open_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_AUDIT_H_
