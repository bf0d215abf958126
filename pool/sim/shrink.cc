#include "pool/sim/shrink.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pool/sim/layout.h"

namespace pool::sim {
namespace {

// What it says without names and numbers.
std::string KindOf(const Violation& violation) {
  std::string kind = violation.what;
  std::erase_if(kind, [](char c) { return !absl::ascii_isalpha(c); });
  return kind;
}

// Tries scenarios, and keeps the last one that still failed.
class Shrinker {
 public:
  Shrinker(const Scenario& scenario, Plant plant, int max_runs)
      : best_(scenario), plant_(plant), runs_left_(max_runs) {
    Try(scenario);
  }

  Scenario Run() {
    KeepSubnet();
    KeepFaults();
    DropNodes();
    KeepFaults();
    return best_;
  }

 private:
  bool Try(const Scenario& scenario) {
    if (runs_left_-- <= 0) return false;
    Outcome outcome = Simulate(scenario, plant_);
    if (!outcome.violation || !IsLikeThat(*outcome.violation)) return false;
    best_ = scenario;
    outcome_ = std::move(outcome);
    return true;
  }

  // The same went wrong, wherever: with fewer faults another thing may.
  bool IsLikeThat(const Violation& violation) const {
    return !outcome_.violation ||
           KindOf(violation) == KindOf(*outcome_.violation);
  }

  // Nodes of other subnets have nothing to do with it.
  void KeepSubnet() {
    const int culprit = outcome_.violation->node;
    if (culprit < 0) return;
    const Layout layout(best_);
    Scenario fewer = best_;
    fewer.only_nodes.emplace();
    for (const int id : layout.NodesOf(layout.node(culprit).subnet)) {
      if (best_.Has(id)) fewer.only_nodes->insert(id);
    }
    Try(fewer);
  }

  void DropNodes() {
    if (!best_.only_nodes) return;
    for (const int id : std::set<int>(*best_.only_nodes)) {
      Scenario fewer = best_;
      fewer.only_nodes->erase(id);
      if (!fewer.only_nodes->empty()) Try(fewer);
    }
  }

  // Leaves out ever smaller parts of the faults (delta debugging: Zeller,
  // Hildebrandt 2002, without the complements).
  void KeepFaults() {
    Scenario listed = best_;
    listed.only_faults.emplace(outcome_.strikes.begin(),
                               outcome_.strikes.end());
    if (!Try(listed)) return;
    size_t part = (best_.only_faults->size() + 1) / 2;
    while (part > 0 && runs_left_ > 0) {
      const bool dropped = DropParts(part);
      if (part == 1 && !dropped) return;
      part = part == 1 ? 1 : (part + 1) / 2;
    }
  }

  bool DropParts(size_t part) {
    bool dropped = false;
    const std::vector<Strike> all(best_.only_faults->begin(),
                                  best_.only_faults->end());
    for (size_t i = 0; i < all.size(); i += part) {
      Scenario fewer = best_;
      for (size_t j = i; j < std::min(i + part, all.size()); ++j) {
        fewer.only_faults->erase(all[j]);
      }
      if (fewer.only_faults->size() < best_.only_faults->size()) {
        dropped |= Try(fewer);
      }
    }
    return dropped;
  }

  Scenario best_;
  const Plant plant_;
  int runs_left_;
  Outcome outcome_;
};

std::string Describe(const Violation& violation, absl::Duration at) {
  return absl::StrCat(
      "VIOLATION after ", absl::FormatDuration(at), ": ", violation.what,
      violation.node < 0 ? "" : absl::StrCat(" node=", violation.node),
      violation.ip ? absl::StrCat(" ip=", violation.ip->ToString()) : "", "\n");
}

}  // namespace

Scenario Shrink(const Scenario& scenario, Plant plant, int max_runs) {
  return Shrinker(scenario, plant, max_runs).Run();
}

std::string Explain(const Scenario& scenario, Plant plant) {
  const Outcome first = Simulate(scenario, plant);
  if (!first.violation) return "nothing happened that must never be\n";
  const Outcome again = Simulate(
      scenario, plant, Focus{first.violation->ip, first.violation->node});
  std::string text = absl::StrCat(Describe(*first.violation, first.simulated),
                                  "# to replay it, as a file:\n",
                                  Format(scenario), "# what happened last:\n");
  for (const std::string& line : again.trace) {
    absl::StrAppend(&text, "# ", line, "\n");
  }
  return text;
}

}  // namespace pool::sim
