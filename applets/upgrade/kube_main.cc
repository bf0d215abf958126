#include "applets/upgrade/kube_main.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/interrupted.h"
#include "applets/upgrade/kube_command.h"
#include "applets/upgrade/query.h"
#include "applets/upgrade/report.h"
#include "base/status.h"
#include "kube/config.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

bool IsText(const Options& options) {
  return options.format == Options::Format::kText;
}

void Print(FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

absl::StatusOr<kube::Config> ConfigOf(const Options& options) {
  const std::string& file = options.fleet.kubeconfig;
  if (!file.empty()) return kube::LoadKubeconfig(file);
  auto config = kube::InCluster(kube::OwnSurroundings());
  if (config.ok()) return config;
  return base::Annotate(config.status(), "without --kubeconfig");
}

int Fail(const Options& options, const absl::Status& error) {
  const bool busy = absl::IsUnavailable(error) || absl::IsAborted(error);
  const ExitStatus exit_status = busy ? ExitStatus::kBusy : ExitStatus::kFailed;
  const std::string text(error.message());
  if (IsText(options)) {
    Print(stderr, absl::StrCat("cnivpc upgrade: ", text, "\n"));
  } else {
    Print(stdout, ToJson(Answer{.exit_status = exit_status, .error = text}));
  }
  return static_cast<int>(exit_status);
}

// A run that was taken back or paused as somebody wished has come to a good
// end for him.
bool IsAsWished(const Options& options, const Fleet& fleet) {
  if (options.action == Action::kPause) return fleet.paused || fleet.over();
  return options.action == Action::kRollback &&
         fleet.phase == FleetPhase::kReturned &&
         fleet.Count(NodeState::kLost) == 0;
}

int ShowQuery(const Options& options,
              const absl::StatusOr<std::vector<NodeFinding>>& findings) {
  if (!findings.ok()) return Fail(options, findings.status());
  Print(stdout, IsText(options) ? ToText(*findings)
                                : absl::StrCat(ToJson(*findings), "\n"));
  const bool all = absl::c_all_of(
      *findings, [](const NodeFinding& one) { return one.finding.reached; });
  return static_cast<int>(all ? ExitStatus::kDone : ExitStatus::kFailed);
}

int ShowRun(const Options& options, const absl::StatusOr<Fleet>& fleet) {
  if (!fleet.ok()) return Fail(options, fleet.status());
  if (!IsText(options)) {
    Print(stdout, absl::StrCat(ToJson(*fleet), "\n"));
  } else {
    Print(stdout,
          options.action == Action::kStatus ? ToText(*fleet) : Summary(*fleet));
  }
  if (IsAsWished(options, *fleet)) return 0;
  return static_cast<int>(ExitStatusOf(*fleet));
}

}  // namespace

int KubeMain(const Options& options) {
  auto config = ConfigOf(options);
  if (!config.ok()) return Fail(options, config.status());
  Command command(options, *std::move(config),
                  {.interrupted = IsInterrupted,
                   .tell = [&](const Fleet& before, const Fleet& now) {
                     if (IsText(options)) Print(stdout, NewsSince(before, now));
                   }});
  if (options.action == Action::kQuery) {
    return ShowQuery(options, command.Query());
  }
  return ShowRun(options, options.action == Action::kStatus ? command.OnRecord()
                                                            : command.Go());
}

}  // namespace applets::upgrade
