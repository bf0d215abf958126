#ifndef CNIVPC_POOL_SIM_PLANT_H_
#define CNIVPC_POOL_SIM_PLANT_H_

#include <optional>

#include "absl/status/status.h"
#include "base/address.h"
#include "pool/pool.h"

namespace pool::sim {

// Bugs that tests plant to see that the judge finds them. They spoil what the
// code under test has decided, or is told, on its way between it and the store,
// the desk or the VPC; the code itself knows nothing of them.
enum class Plant {
  kNone,
  kDoublePop,          // an ADD is given the address that the last one got
  kLostIntent,         // an allocation isn't written down
  kForgottenCooldown,  // what comes from a pod is warm at once
  kTimeoutIsFailure,   // no answer to an allocation: it hasn't been done
  kForgottenLease,     // a lease is answered before it is stored
};

// What is stored instead.
Records Spoil(Plant plant, Records records);
// What is granted instead, after `last` was.
Grant Spoil(Plant plant, Grant grant, std::optional<base::Ipv4> last);
// What the steward is told about the call instead.
enum class Call { kAllocate, kRelease };
absl::Status Spoil(Plant plant, Call call, absl::Status status);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_PLANT_H_
