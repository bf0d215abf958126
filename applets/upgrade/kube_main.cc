#include "applets/upgrade/kube_main.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/interrupted.h"
#include "applets/upgrade/kube_hold.h"
#include "applets/upgrade/kube_nodes.h"
#include "applets/upgrade/kube_operations.h"
#include "applets/upgrade/kube_query.h"
#include "applets/upgrade/kube_record.h"
#include "applets/upgrade/query.h"
#include "applets/upgrade/report.h"
#include "base/status.h"
#include "kube/client.h"
#include "kube/config.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr absl::Duration kListLimit = absl::Minutes(1);
constexpr absl::Duration kFollowEvery = absl::Seconds(1);

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

// No other process ever has the same.
std::string OwnName() {
  char host[256] = "?";
  gethostname(host, sizeof(host) - 1);
  absl::BitGen random;
  return absl::StrCat(host, "-", getpid(), "-",
                      absl::Hex(absl::Uniform<uint32_t>(random)));
}

absl::Status NeverRan() {
  return absl::NotFoundError("there was no run over this cluster");
}

std::optional<Wish> WishOf(const Options& options) {
  switch (options.action) {
    case Action::kPause:
      return Wish::kPause;
    case Action::kResume:
      return Wish::kResume;
    case Action::kAbort:
      return Wish::kAbort;
    case Action::kRollback:
      return Wish::kRollback;
    default:
      return std::nullopt;
  }
}

// Whether what was wished has come about, or can't any more.
bool IsGranted(Wish wish, const Fleet& fleet) {
  if (fleet.over()) return true;
  if (wish == Wish::kPause) return fleet.paused;
  return wish == Wish::kResume && !fleet.paused;
}

// One command.
class Command {
 public:
  Command(const Options& options, kube::Config config)
      : options_(options),
        api_(std::move(config)),
        hold_(api_, OwnName()),
        operations_(api_) {}

  absl::StatusOr<Fleet> OnRecord() {
    ASSIGN_OR_RETURN(const auto record, hold_.Read());
    if (!record || !record->fleet) return NeverRan();
    return *record->fleet;
  }

  // Asks every node, also those that a run would leave alone if they answer.
  absl::StatusOr<std::vector<NodeFinding>> Query() {
    Options options = options_;
    options.force = true;
    options.fleet.run = OwnName();
    ASSIGN_OR_RETURN(const Fleet fleet, Begin(options));
    auto findings = QueryCluster(operations_, fleet);
    operations_.Sweep("");
    return findings;
  }

  // Carries the run out; or has whoever is at work do what is wished.
  absl::StatusOr<Fleet> Go() {
    const std::optional<Wish> wish = WishOf(options_);
    while (true) {
      const auto left = hold_.Take(IsInterrupted);
      if (left.ok()) return CarryOn(*left);
      if (!absl::IsUnavailable(left.status()) || !wish) return left.status();
      ASSIGN_OR_RETURN(const Fleet now, OnRecord());
      const bool goes_on = *wish == Wish::kResume && !now.paused;
      if (goes_on) return left.status();
      RETURN_IF_ERROR(hold_.Send(*wish));
      ASSIGN_OR_RETURN(auto fleet, Follow(*wish));
      if (fleet) return *std::move(fleet);
    }
  }

 private:
  // The run that is meant, as it goes on from here.
  absl::StatusOr<Fleet> FleetOf(std::optional<Fleet> left) {
    if (options_.action == Action::kUpgrade) {
      const std::string& run = options_.fleet.run;
      if (left && !run.empty() && left->id == run) return *std::move(left);
      if (!left || left->over()) return Begin(options_);
      return absl::FailedPreconditionError(
          "a run over this cluster isn't finished: cnivpc upgrade --all "
          "--resume, --abort or --rollback");
    }
    if (!left) return NeverRan();
    if (const auto wish = WishOf(options_)) Grant(*wish, *left);
    return *std::move(left);
  }

  absl::StatusOr<Fleet> Begin(const Options& options) {
    ASSIGN_OR_RETURN(
        const kube::Page page,
        api_.List({.resource = kube::kNodes}, absl::Now() + kListLimit));
    std::vector<ClusterNode> cluster;
    for (const base::Json& object : page.items) {
      ASSIGN_OR_RETURN(cluster.emplace_back(), DecodeClusterNode(object));
    }
    std::vector<std::string> wanted;
    if (!options.fleet.all) {
      ASSIGN_OR_RETURN(wanted, NodesOf(options));
    }
    Fleet fleet =
        NewFleet(options, wanted.empty() ? cluster.size() : wanted.size());
    if (!options.fleet.run.empty()) fleet.id = options.fleet.run;
    fleet.wanted = options.sha256;
    ASSIGN_OR_RETURN(fleet.nodes,
                     NodesFor(cluster, wanted, fleet.means, fleet.started));
    if (!fleet.nodes.empty()) return fleet;
    return absl::NotFoundError("the cluster has no nodes");
  }

  absl::StatusOr<Fleet> CarryOn(std::optional<Fleet> left) {
    ASSIGN_OR_RETURN(Fleet fleet, FleetOf(std::move(left)));
    operations_.Sweep(fleet.id);
    told_ = fleet;
    const Carrier carrier = {
        .save = [this](const Fleet& now) { return hold_.Save(now); },
        .do_task =
            [this](const Fleet& now, const FleetTask& task) {
              return operations_.Do(now, task);
            },
        .interrupted = IsInterrupted,
        .beat =
            [this](Fleet& now) {
              const absl::Status lost = hold_.Beat(now);
              if (!lost.ok()) operations_.Stop();
              return lost;
            },
        .tell = [this](const Fleet& now) { Tell(now); }};
    auto end = CarryFleet(std::move(fleet), carrier);
    if (end.ok() && end->over()) operations_.Sweep("");
    return end;
  }

  void Tell(const Fleet& now) {
    if (IsText(options_)) Print(stdout, NewsSince(told_, now));
    told_ = now;
  }

  // Until whoever is at work has done what is wished; none: he has died.
  absl::StatusOr<std::optional<Fleet>> Follow(Wish wish) {
    std::string renewed;
    absl::Time since = absl::Now();
    while (!IsInterrupted()) {
      ASSIGN_OR_RETURN(const auto record, hold_.Read());
      if (!record || !record->fleet) return NeverRan();
      const Fleet& fleet = *record->fleet;
      if (told_.nodes.size() == fleet.nodes.size()) Tell(fleet);
      told_ = fleet;
      const bool heard = record->wish == Wish::kNone;
      if (heard && IsGranted(wish, fleet)) return fleet;
      if (record->holder.empty()) return std::nullopt;
      if (record->renewed != renewed) since = absl::Now();
      renewed = record->renewed;
      if (absl::Now() - since >= Hold::Times().lasts) return std::nullopt;
      absl::SleepFor(kFollowEvery);
    }
    return absl::CancelledError("interrupted; the wish stands");
  }

  const Options& options_;
  kube::Client api_;
  Hold hold_;
  Operations operations_;
  Fleet told_ = {};
};

int Fail(const Options& options, const absl::Status& error) {
  const ExitStatus exit_status =
      absl::IsUnavailable(error) || absl::IsAborted(error)
          ? ExitStatus::kBusy
          : ExitStatus::kFailed;
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

}  // namespace

int KubeMain(const Options& options) {
  auto config = ConfigOf(options);
  if (!config.ok()) return Fail(options, config.status());
  Command command(options, *std::move(config));
  if (options.action == Action::kQuery) {
    return ShowQuery(options, command.Query());
  }
  const bool looks = options.action == Action::kStatus;
  const auto fleet = looks ? command.OnRecord() : command.Go();
  if (!fleet.ok()) return Fail(options, fleet.status());
  if (!IsText(options)) {
    Print(stdout, absl::StrCat(ToJson(*fleet), "\n"));
  } else {
    Print(stdout, looks ? ToText(*fleet) : Summary(*fleet));
  }
  if (IsAsWished(options, *fleet)) return 0;
  return static_cast<int>(ExitStatusOf(*fleet));
}

}  // namespace applets::upgrade
