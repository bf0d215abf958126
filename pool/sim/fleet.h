#ifndef CNIVPC_POOL_SIM_FLEET_H_
#define CNIVPC_POOL_SIM_FLEET_H_

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "pool/sim/faults.h"
#include "pool/sim/judge.h"
#include "pool/sim/meter.h"
#include "pool/sim/plant.h"
#include "pool/sim/scenario.h"
#include "pool/sim/trace.h"

namespace pool::sim {

struct Outcome {
  std::optional<Violation> violation;
  Totals totals;
  std::vector<Strike> strikes;  // in the order in which they came
  std::array<uint64_t, kFaultKinds> faults = {};  // how many of each
  uint64_t events = 0;
  absl::Duration simulated;
  // What happened last, if that was asked for.
  std::deque<std::string> trace;
};

// Runs the fleet through storms, in which faults strike and pods come and go,
// and calms, in which neither happens, until its time is over or something
// happened that must never be. At the end of each calm the VPC's table and the
// stores must be the same, and nothing may be left undone (inspection.h).
Outcome Simulate(const Scenario& scenario, Plant plant = Plant::kNone,
                 const std::optional<Focus>& focus = std::nullopt);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_FLEET_H_
