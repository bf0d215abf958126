#ifndef CNIVPC_POOL_SIM_SCENARIO_H_
#define CNIVPC_POOL_SIM_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pool/sim/faults.h"

namespace pool::sim {

// What is to be simulated. The same scenario always goes the same way.
//
// As a file, which a failure prints and --replay reads; one thing a line, in
// any order, with what is left out being as below:
//
//   # a remark
//   seed 7
//   nodes 100
//   length 1h            storms and calms in turn, at least one of each
//   storm 50m
//   calm 10m
//   faults 0.02          the part of occasions that become faults
//   pod-life 30m         on the average
//   room 0.6             of the addresses that its nodes could use, a subnet
//   has
//                        this part at the least; some have more
//   only-nodes 3 17      the others don't exist; may be repeated
//   only-faults          none but those of the next kind of line
//   fault 3 late 12      the node's 13th call that could have been late was
struct Scenario {
  static constexpr int kMaxNodes = 100'000;
  // So long that everything settles.
  static constexpr absl::Duration kMinCalm = absl::Minutes(8);

  uint64_t seed = 1;
  int nodes = 100;
  absl::Duration length = absl::Hours(1);
  absl::Duration storm = absl::Minutes(50);
  absl::Duration calm = absl::Minutes(10);
  double faults = 0.02;
  absl::Duration pod_life = absl::Minutes(30);
  double room = 0.6;
  std::optional<std::set<int>> only_nodes = {};
  std::optional<std::set<Strike>> only_faults = {};

  bool Has(int node) const { return !only_nodes || only_nodes->contains(node); }
};

// INVALID_ARGUMENT when something is out of its bounds.
absl::Status Validate(const Scenario& scenario);

std::string Format(const Scenario& scenario);
// INVALID_ARGUMENT names the line; a valid scenario otherwise.
absl::StatusOr<Scenario> ParseScenario(absl::string_view text);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_SCENARIO_H_
