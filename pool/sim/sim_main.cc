// Simulates a fleet: docs/simulation.md.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gflags/gflags.h"
#include "pool/sim/fleet.h"
#include "pool/sim/scenario.h"
#include "pool/sim/shrink.h"

DEFINE_uint64(seed, 1, "What everything is drawn from.");
DEFINE_uint64(seeds, 1, "How many seeds, from --seed on.");
DEFINE_int32(nodes, 100, "How many nodes.");
DEFINE_double(hours, 1, "Of virtual time.");
DEFINE_double(storm, 50,
              "Minutes in which faults strike and pods come and go.");
DEFINE_double(calm, 10, "Minutes after those in which neither happens.");
DEFINE_double(faults, 0.02, "The part of occasions that become faults.");
DEFINE_double(pod_life, 30, "How many minutes a pod lives on the average.");
DEFINE_double(room, 0.6,
              "The least part that a subnet has of what its nodes could use.");
DEFINE_string(replay, "", "A file with a scenario, instead of all these.");
DEFINE_bool(shrink, true, "Whether a failure is made smaller.");

namespace {

using pool::sim::Outcome;
using pool::sim::Scenario;

absl::StatusOr<Scenario> ScenarioOf(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(path + ": can't be read");
  std::ostringstream text;
  text << file.rdbuf();
  return pool::sim::ParseScenario(text.str());
}

absl::StatusOr<Scenario> ScenarioOfFlags() {
  if (!FLAGS_replay.empty()) return ScenarioOf(FLAGS_replay);
  Scenario scenario;
  scenario.seed = FLAGS_seed;
  scenario.nodes = FLAGS_nodes;
  scenario.faults = FLAGS_faults;
  scenario.length = absl::Hours(FLAGS_hours);
  scenario.storm = absl::Minutes(FLAGS_storm);
  scenario.calm = absl::Minutes(FLAGS_calm);
  scenario.pod_life = absl::Minutes(FLAGS_pod_life);
  scenario.room = FLAGS_room;
  const absl::Status valid = Validate(scenario);
  if (!valid.ok()) return valid;
  return scenario;
}

void Report(const Scenario& scenario, const Outcome& o, absl::Duration took) {
  std::cout << "seed=" << scenario.seed << " nodes=" << scenario.nodes
            << " simulated=" << o.simulated << " took=" << took
            << " events=" << o.events << " pods=" << o.totals.pods
            << " adds=" << o.totals.adds << " refused=" << o.totals.refusals
            << " longest_wait=" << o.totals.longest_wait
            << " lists=" << o.totals.lists << " changes=" << o.totals.changes()
            << " borrowed=" << o.totals.borrowed
            << " crashes=" << o.totals.crashes << " faults=" << o.strikes.size()
            << "\n";
}

void ReportFaults(const Outcome& outcome) {
  for (size_t i = 0; i < pool::sim::kFaultKinds; ++i) {
    std::cout << "  " << NameOf(static_cast<pool::sim::Fault>(i)) << "="
              << outcome.faults[i];
  }
  std::cout << "\n";
}

bool Run(const Scenario& scenario) {
  const absl::Time began = absl::Now();
  const Outcome outcome = Simulate(scenario);
  Report(scenario, outcome, absl::Now() - began);
  if (FLAGS_seeds == 1) ReportFaults(outcome);
  if (!outcome.violation) return true;
  std::cout << Explain(FLAGS_shrink ? Shrink(scenario) : scenario);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("simulates a fleet; see docs/simulation.md");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  auto scenario = ScenarioOfFlags();
  if (!scenario.ok()) {
    std::cerr << scenario.status().message() << "\n";
    return 2;
  }
  bool all_well = true;
  for (uint64_t i = 0; i < FLAGS_seeds; ++i, ++scenario->seed) {
    all_well &= Run(*scenario);
  }
  return all_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
