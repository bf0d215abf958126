#ifndef CNIVPC_POOL_SIM_INSPECTION_H_
#define CNIVPC_POOL_SIM_INSPECTION_H_

#include <cstddef>
#include <vector>

#include "pool/sim/node.h"
#include "pool/sim/world.h"

namespace pool::sim {

// What must hold of a node at the end of a calm:
//
//   - the VPC's table has its addresses and no others
//   - nothing is under way: no intent, no probe, nothing to be given back
//   - the pods that run, and they alone, have leases and networks
//   - a pod waits only if its subnet is empty, and so has been for a while
//   - as many warm addresses as the watermarks say, and no calls any more but
//     for lists
class Inspection {
 public:
  explicit Inspection(World& world) : world_(world) {}

  // Some time before the end.
  void Prepare();
  // At the end; false when there was a violation.
  bool Inspect(Node& node);

 private:
  bool InspectTable(Node& node);
  bool InspectRows(Node& node);
  bool InspectPods(Node& node);
  bool InspectNeed(Node& node);
  bool Accuse(const Node& node, const std::string& what,
              std::optional<base::Ipv4> ip = std::nullopt);

  World& world_;
  std::vector<size_t> free_before_;  // by subnet
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_INSPECTION_H_
