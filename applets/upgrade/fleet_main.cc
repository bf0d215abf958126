#include "applets/upgrade/fleet_main.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/interrupted.h"
#include "applets/upgrade/kube_main.h"
#include "applets/upgrade/remote.h"
#include "applets/upgrade/state_file.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr int kPrivate = 0700;

bool IsText(const Options& options) {
  return options.format == Options::Format::kText;
}

void Print(FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

// The run that is meant, as it goes on from here.
absl::StatusOr<Fleet> FleetOf(const Options& options) {
  ASSIGN_OR_RETURN(std::optional<Fleet> left,
                   LoadFleet(options.places.fleet_record()));
  if (options.action == Action::kUpgrade) {
    if (!left || left->over()) {
      ASSIGN_OR_RETURN(std::vector<std::string> nodes, NodesOf(options));
      return BeginFleet(options, std::move(nodes));
    }
    return absl::FailedPreconditionError(
        "a run over many nodes isn't finished: cnivpc upgrade --fleet "
        "--resume, --abort or --rollback");
  }
  if (!left) return absl::NotFoundError("there was no run over many nodes");
  if (options.action == Action::kAbort) Stop(*left, "aborted");
  if (options.action == Action::kRollback) Return(*left, "taken back by hand");
  return *std::move(left);
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
  if (options.fleet.in_cluster()) return KubeMain(options);
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
