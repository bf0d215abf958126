#ifndef CNIVPC_POOL_SIM_WORLD_H_
#define CNIVPC_POOL_SIM_WORLD_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "pool/sim/agenda.h"
#include "pool/sim/cloud.h"
#include "pool/sim/ether.h"
#include "pool/sim/faults.h"
#include "pool/sim/judge.h"
#include "pool/sim/layout.h"
#include "pool/sim/meter.h"
#include "pool/sim/plant.h"
#include "pool/sim/trace.h"

namespace pool::sim {

class Node;

// What all nodes live in. Borrowed.
struct World {
  Agenda& agenda;
  Faults& faults;
  Trace& trace;
  Judge& judge;
  Cloud& cloud;
  Ether& ether;
  Totals& totals;
  const Layout& layout;
  const Plant plant = Plant::kNone;
  // When the next storm begins, if it is calm: nothing goes wrong then, and
  // pods neither come nor go.
  absl::Time calm_until = absl::InfinitePast();

  // By number; nullptr where there is none.
  std::vector<Node*> nodes = {};
  Node* NodeAt(int id) const {
    const auto index = static_cast<size_t>(id);
    return id >= 0 && index < nodes.size() ? nodes[index] : nullptr;
  }

  bool IsCalm() const { return agenda.now() < calm_until; }
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_WORLD_H_
