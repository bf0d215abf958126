#include "applets/upgrade/fleet_begin.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/inspect.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr size_t kMaxNodesFileBytes = 4 << 20;

// One a line; what follows a # doesn't count.
absl::StatusOr<std::vector<std::string>> ReadNodes(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, kMaxNodesFileBytes));
  std::vector<std::string> nodes;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view name =
        absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (!name.empty()) nodes.emplace_back(name);
  }
  return nodes;
}

FleetRules RulesOf(const Options& options, size_t nodes) {
  const Options::Fleet& given = options.fleet;
  FleetRules rules;
  rules.canaries = std::max<int64_t>(1, given.canaries.Of(nodes));
  rules.batch_size = std::max<int64_t>(1, given.batch_size.Of(nodes));
  rules.max_unavailable = given.max_unavailable.Of(nodes);
  if (rules.max_unavailable == 0) {
    rules.max_unavailable = std::max(rules.canaries, rules.batch_size);
  }
  rules.max_failures = given.max_failures.Of(nodes);
  rules.soak = given.soak;
  rules.deadline = given.deadline;
  rules.roll_back = !given.stop_only;
  rules.max_failed_adds = given.max_failed_adds;
  return rules;
}

// The file and its sum. Somebody else may go on with the run, so the path must
// mean the same to all.
absl::Status ReadProgram(const Options& options, Fleet& fleet) {
  std::error_code error;
  fleet.means.program = std::filesystem::canonical(options.source, error);
  if (error) return base::ErrnoStatus(options.source, error.value());
  ASSIGN_OR_RETURN(const Facts facts, Inspect(fleet.means.program));
  if (!facts.problem.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.source, " ", facts.problem));
  }
  fleet.wanted = facts.artifact.sha256;
  if (options.sha256.empty() || options.sha256 == fleet.wanted) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(options.source, " has SHA-256 ",
                                          fleet.wanted, ", and --sha256 says ",
                                          options.sha256, ": get it again"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> NodesOf(const Options& options) {
  std::vector<std::string> nodes;
  if (!options.fleet.nodes_file.empty()) {
    ASSIGN_OR_RETURN(nodes, ReadNodes(options.fleet.nodes_file));
  }
  for (const std::string& name : options.fleet.nodes) {
    nodes.emplace_back(absl::StripAsciiWhitespace(name));
  }
  if (nodes.empty() || nodes.size() > kMaxFleetNodes) {
    return absl::InvalidArgumentError(
        absl::StrCat("1 to ", kMaxFleetNodes, " nodes, not ", nodes.size()));
  }
  std::set<std::string> seen;
  for (const std::string& name : nodes) {
    if (seen.insert(name).second) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, " is there twice"));
  }
  return nodes;
}

FleetMeans MeansOf(const Options& options) {
  return {.through = options.fleet.through,
          .image = options.fleet.image,
          .bin_dir = options.places.bin_dir,
          .conf_dir = options.places.conf_dir,
          .force = options.force,
          .out_of_maintenance = options.out_of_maintenance};
}

Fleet NewFleet(const Options& options, size_t nodes) {
  Fleet fleet{.rules = RulesOf(options, nodes), .means = MeansOf(options)};
  fleet.started = absl::Now();
  fleet.settled = absl::InfiniteFuture();
  fleet.id = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", fleet.started,
                              absl::UTCTimeZone());
  return fleet;
}

absl::StatusOr<Fleet> BeginFleet(const Options& options,
                                 std::vector<std::string> nodes) {
  Fleet fleet = NewFleet(options, nodes.size());
  RETURN_IF_ERROR(ReadProgram(options, fleet));
  for (std::string& name : nodes) {
    fleet.nodes.push_back({.name = std::move(name), .changed = fleet.started});
  }
  return fleet;
}

absl::Status CheckProgram(const Fleet& fleet) {
  if (fleet.phase != FleetPhase::kRunning) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string sum, Sha256Of(fleet.means.program));
  if (sum == fleet.wanted) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      fleet.means.program, " isn't the program that this run began with"));
}

}  // namespace applets::upgrade
