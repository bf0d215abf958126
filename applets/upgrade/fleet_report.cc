#include "applets/upgrade/fleet_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace applets::upgrade {
namespace {

using State = NodeState;

std::string LineOf(const FleetNode& node) {
  return absl::StrFormat("%-24s %-10s%s%s\n", node.name, ToString(node.state),
                         node.text.empty() ? "" : " ", node.text);
}

// "48 done, 1 failed, 1 skipped"
std::string Counts(const Fleet& fleet) {
  std::string text;
  for (int i = 0; i <= static_cast<int>(State::kLost); ++i) {
    const auto state = static_cast<State>(i);
    const int64_t count = fleet.Count(state);
    if (count == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " ",
                    ToString(state));
  }
  return text;
}

std::string AdviceOf(const Fleet& fleet) {
  const std::string flag = fleet.means.image.empty() ? "--fleet" : "--all";
  if (!fleet.over()) {
    return absl::StrCat("The run isn't finished. To go on: cnivpc upgrade ",
                        flag, " --resume; to leave it: ", flag,
                        " --abort; to take it back: ", flag, " --rollback\n");
  }
  std::string text;
  if (fleet.Count(State::kLost) > 0) {
    text =
        "Somebody must look at the lost nodes: cnivpc upgrade --status "
        "there.\n";
  }
  if (fleet.Count(State::kDone) + fleet.Count(State::kUpgraded) > 0) {
    absl::StrAppend(&text, "To take it back: cnivpc upgrade ", flag,
                    " --rollback\n");
  }
  return text;
}

}  // namespace

int64_t Settled(const Fleet& fleet) {
  return fleet.Count(State::kDone) + fleet.Count(State::kUnchanged) +
         fleet.Count(State::kSkipped) + fleet.Count(State::kFailed) +
         fleet.Count(State::kReturned) + fleet.Count(State::kLost);
}

std::string NewsSince(const Fleet& before, const Fleet& now) {
  std::string text;
  const std::string total = absl::StrCat(now.nodes.size());
  for (size_t i = 0; i < now.nodes.size(); ++i) {
    const FleetNode& node = now.nodes[i];
    const bool same = before.nodes[i].state == node.state;
    if (same || node.state == State::kWaiting) continue;
    absl::StrAppend(&text,
                    absl::StrFormat("[%*d/%s] ", static_cast<int>(total.size()),
                                    Settled(now), total),
                    LineOf(node));
  }
  if (before.phase != now.phase && !now.reason.empty()) {
    absl::StrAppend(&text, ToString(now.phase), ": ", now.reason, "\n");
  }
  return text;
}

std::string Summary(const Fleet& fleet) {
  return absl::StrCat(ToString(fleet.phase), ": ", Counts(fleet), "\n",
                      fleet.reason.empty() ? "" : "reason: ", fleet.reason,
                      fleet.reason.empty() ? "" : "\n", AdviceOf(fleet));
}

std::string ToText(const Fleet& fleet) {
  std::string text;
  for (const FleetNode& node : fleet.nodes) {
    absl::StrAppend(&text, LineOf(node));
  }
  return absl::StrCat(text, Summary(fleet));
}

ExitStatus ExitStatusOf(const Fleet& fleet) {
  if (fleet.Count(State::kLost) > 0) return ExitStatus::kStuck;
  const int64_t well =
      fleet.Count(State::kDone) + fleet.Count(State::kUnchanged);
  const bool all = well == static_cast<int64_t>(fleet.nodes.size());
  return fleet.phase == FleetPhase::kDone && all ? ExitStatus::kDone
                                                 : ExitStatus::kFailed;
}

}  // namespace applets::upgrade
