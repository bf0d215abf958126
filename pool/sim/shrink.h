#ifndef CNIVPC_POOL_SIM_SHRINK_H_
#define CNIVPC_POOL_SIM_SHRINK_H_

#include <string>

#include "pool/sim/fleet.h"
#include "pool/sim/plant.h"
#include "pool/sim/scenario.h"

namespace pool::sim {

// So many simulations at most.
inline constexpr int kMaxShrinkRuns = 400;

// A smaller scenario that ends in a violation too: without the nodes and the
// faults that it doesn't take. `scenario` must end in one.
Scenario Shrink(const Scenario& scenario, Plant plant = Plant::kNone,
                int max_runs = kMaxShrinkRuns);

// What a failure prints: what happened, the scenario to replay it, and the
// trace of the address and the node. `scenario` must end in a violation.
std::string Explain(const Scenario& scenario, Plant plant = Plant::kNone);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_SHRINK_H_
