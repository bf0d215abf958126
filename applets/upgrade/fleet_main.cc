#include "applets/upgrade/fleet_main.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/inspect.h"
#include "applets/upgrade/remote.h"
#include "applets/upgrade/state_file.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr size_t kMaxNodesFileBytes = 4 << 20;
constexpr int kPrivate = 0700;

bool IsText(const Options& options) {
  return options.format == Options::Format::kText;
}

void Print(FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

bool IsInterrupted() {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  return sigismember(&pending, SIGINT) == 1 ||
         sigismember(&pending, SIGTERM) == 1 ||
         sigismember(&pending, SIGHUP) == 1;
}

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

absl::StatusOr<Fleet> Begin(const Options& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> nodes, NodesOf(options));
  Fleet fleet;
  RETURN_IF_ERROR(ReadProgram(options, fleet));
  fleet.started = absl::Now();
  fleet.settled = absl::InfiniteFuture();
  fleet.id = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", fleet.started,
                              absl::UTCTimeZone());
  fleet.means.through = options.fleet.through;
  fleet.means.bin_dir = options.places.bin_dir;
  fleet.means.conf_dir = options.places.conf_dir;
  fleet.means.force = options.force;
  fleet.means.out_of_maintenance = options.out_of_maintenance;
  fleet.rules = RulesOf(options, nodes.size());
  for (const std::string& name : nodes) {
    fleet.nodes.push_back({.name = name, .changed = fleet.started});
  }
  return fleet;
}

// The run that is meant, as it goes on from here.
absl::StatusOr<Fleet> FleetOf(const Options& options) {
  ASSIGN_OR_RETURN(std::optional<Fleet> left,
                   LoadFleet(options.places.fleet_record()));
  if (options.action == Action::kUpgrade) {
    if (!left || left->over()) return Begin(options);
    return absl::FailedPreconditionError(
        "a run over many nodes isn't finished: cnivpc upgrade --fleet "
        "--resume, --abort or --rollback");
  }
  if (!left) return absl::NotFoundError("there was no run over many nodes");
  if (options.action == Action::kAbort) Stop(*left, "aborted");
  if (options.action == Action::kRollback) Return(*left, "taken back by hand");
  return *std::move(left);
}

// A run that goes on must install what it has installed so far.
absl::Status CheckProgram(const Fleet& fleet) {
  if (fleet.phase != FleetPhase::kRunning) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string sum, Sha256Of(fleet.means.program));
  if (sum == fleet.wanted) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      fleet.means.program, " isn't the program that this run began with"));
}

absl::StatusOr<Fleet> CarryOn(const Options& options) {
  ASSIGN_OR_RETURN(Fleet fleet, FleetOf(options));
  RETURN_IF_ERROR(CheckProgram(fleet));
  Fleet told = fleet;
  const Carrier carrier = {.record = options.places.fleet_record(),
                           .do_task = RunRemote,
                           .interrupted = IsInterrupted,
                           .tell = [&](const Fleet& now) {
                             if (IsText(options)) {
                               Print(stdout, NewsSince(told, now));
                             }
                             told = now;
                           }};
  return CarryFleet(std::move(fleet), carrier);
}

int Fail(const Options& options, const absl::Status& error) {
  const ExitStatus exit_status =
      absl::IsUnavailable(error) ? ExitStatus::kBusy : ExitStatus::kFailed;
  const std::string text(error.message());
  if (IsText(options)) {
    Print(stderr, absl::StrCat("cnivpc upgrade: ", text, "\n"));
  } else {
    Print(stdout, ToJson({.exit_status = exit_status, .error = text}));
  }
  return static_cast<int>(exit_status);
}

int ShowStatus(const Options& options) {
  const auto fleet = LoadFleet(options.places.fleet_record());
  if (!fleet.ok()) return Fail(options, fleet.status());
  if (!*fleet) {
    return Fail(options,
                absl::NotFoundError("there was no run over many nodes"));
  }
  Print(stdout, IsText(options) ? ToText(**fleet)
                                : absl::StrCat(ToJson(**fleet), "\n"));
  return static_cast<int>(ExitStatusOf(**fleet));
}

bool IsTakenBack(const Options& options, const Fleet& fleet) {
  return options.action == Action::kRollback &&
         fleet.phase == FleetPhase::kReturned &&
         fleet.Count(NodeState::kLost) == 0;
}

}  // namespace

int FleetMain(const Options& options) {
  if (options.action == Action::kStatus) return ShowStatus(options);
  const std::string& folder = options.places.state_dir;
  const absl::Status made = base::MakeDirectories(folder, kPrivate);
  if (!made.ok()) return Fail(options, made);
  const auto lock = LockFolder(folder);
  if (!lock.ok()) return Fail(options, lock.status());
  const auto fleet = CarryOn(options);
  if (!fleet.ok()) return Fail(options, fleet.status());
  Print(stdout,
        IsText(options) ? Summary(*fleet) : absl::StrCat(ToJson(*fleet), "\n"));
  if (IsTakenBack(options, *fleet)) return 0;
  return static_cast<int>(ExitStatusOf(*fleet));
}

}  // namespace applets::upgrade
