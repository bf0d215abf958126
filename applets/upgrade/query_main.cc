#include "applets/upgrade/query_main.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/query.h"
#include "applets/upgrade/report.h"
#include "base/loop.h"

namespace applets::upgrade {
namespace {

constexpr size_t kAtOnce = 32;

void Print(FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

// In the order of the nodes. Each thread writes to elements of its own.
std::vector<NodeFinding> AskAll(const FleetMeans& means,
                                const std::vector<std::string>& nodes) {
  std::vector<NodeFinding> findings(nodes.size());
  {
    base::Workers workers(static_cast<int>(std::min(kAtOnce, nodes.size())));
    for (size_t i = 0; i < nodes.size(); ++i) {
      workers.Run([&means, &findings, &nodes, i] {
        findings[i] = {nodes[i], QueryNode(means, nodes[i])};
      });
    }
  }  // ends when all is done
  return findings;
}

}  // namespace

int QueryMain(const Options& options) {
  const auto nodes = NodesOf(options);
  const bool text = options.format == Options::Format::kText;
  if (!nodes.ok()) {
    const std::string error(nodes.status().message());
    Print(text ? stderr : stdout,
          text ? absl::StrCat("cnivpc upgrade: ", error, "\n")
               : ToJson({.exit_status = ExitStatus::kFailed, .error = error}));
    return static_cast<int>(ExitStatus::kFailed);
  }
  const std::vector<NodeFinding> findings = AskAll(MeansOf(options), *nodes);
  Print(stdout, text ? ToText(findings) : absl::StrCat(ToJson(findings), "\n"));
  const bool all =
      std::all_of(findings.begin(), findings.end(),
                  [](const NodeFinding& one) { return one.finding.reached; });
  return static_cast<int>(all ? ExitStatus::kDone : ExitStatus::kFailed);
}

}  // namespace applets::upgrade
