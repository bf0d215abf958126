#include "applets/upgrade/kube_query.h"

#include <algorithm>
#include <utility>

#include "base/loop.h"

namespace applets::upgrade {
namespace {

constexpr auto kNoAnswer = FleetAnswer::Kind::kNothing;

Finding Ask(Operations& operations, const Fleet& fleet, size_t index) {
  const FleetNode& node = fleet.nodes[index];
  const FleetTask task{FleetTask::Kind::kLook, index};
  const bool skipped = node.state == NodeState::kSkipped;
  return FindingFrom(node,
                     skipped ? FleetAnswer{.kind = kNoAnswer, .text = node.text}
                             : operations.Do(fleet, task));
}

}  // namespace

Finding FindingFrom(const FleetNode& node, const FleetAnswer& answer) {
  Finding finding;
  if (answer.kind == FleetAnswer::Kind::kOk) {
    finding = FindingOf({.out = answer.raw});
  } else {
    finding.problem = answer.text;
  }
  if (finding.address.empty()) finding.address = node.address;
  return finding;
}

std::vector<NodeFinding> QueryCluster(Operations& operations,
                                      const Fleet& fleet) {
  std::vector<NodeFinding> findings(fleet.nodes.size());
  {
    base::Workers workers(
        static_cast<int>(std::min(kQueriesAtOnce, fleet.nodes.size())));
    for (size_t i = 0; i < fleet.nodes.size(); ++i) {
      // Each thread writes to elements of its own.
      workers.Run([&operations, &fleet, &findings, i] {
        findings[i] = {fleet.nodes[i].name, Ask(operations, fleet, i)};
      });
    }
  }  // ends when all is done
  return findings;
}

}  // namespace applets::upgrade
