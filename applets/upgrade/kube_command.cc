#include "applets/upgrade/kube_command.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/kube_nodes.h"
#include "applets/upgrade/kube_query.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr absl::Duration kListLimit = absl::Minutes(1);

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

absl::StatusOr<std::vector<ClusterNode>> NodesIn(kube::Client& api) {
  ASSIGN_OR_RETURN(const kube::Page page, api.List({.resource = kube::kNodes},
                                                   absl::Now() + kListLimit));
  std::vector<ClusterNode> cluster;
  for (const base::Json& object : page.items) {
    ASSIGN_OR_RETURN(cluster.emplace_back(), DecodeClusterNode(object));
  }
  return cluster;
}

}  // namespace

Command::Command(const Options& options, kube::Config config,
                 CommandSurroundings surroundings)
    : options_(options),
      surroundings_(std::move(surroundings)),
      api_(std::move(config)),
      hold_(api_, OwnName(), surroundings_.hold),
      operations_(api_, surroundings_.operations) {}

absl::StatusOr<Fleet> Command::OnRecord() {
  ASSIGN_OR_RETURN(const auto record, hold_.Read());
  if (!record || !record->fleet) return NeverRan();
  return *record->fleet;
}

absl::StatusOr<std::vector<NodeFinding>> Command::Query() {
  Options options = options_;
  options.force = true;
  options.fleet.run = OwnName();
  ASSIGN_OR_RETURN(const Fleet fleet, Begin(options));
  auto findings = QueryCluster(operations_, fleet);
  operations_.Sweep("");
  return findings;
}

absl::StatusOr<Fleet> Command::Go() {
  const std::optional<Wish> wish = WishOf(options_);
  while (true) {
    const auto left = hold_.Take(surroundings_.interrupted);
    if (left.ok()) return CarryOn(*left);
    if (!absl::IsUnavailable(left.status()) || !wish) return left.status();
    ASSIGN_OR_RETURN(auto fleet, Wait(*wish, left.status()));
    if (fleet) return *std::move(fleet);
  }
}

// The run that is meant, as it goes on from here.
absl::StatusOr<Fleet> Command::FleetOf(std::optional<Fleet> left) {
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

absl::StatusOr<Fleet> Command::Begin(const Options& options) {
  ASSIGN_OR_RETURN(const std::vector<ClusterNode> cluster, NodesIn(api_));
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

absl::StatusOr<Fleet> Command::CarryOn(std::optional<Fleet> left) {
  ASSIGN_OR_RETURN(Fleet fleet, FleetOf(std::move(left)));
  operations_.Sweep(fleet.id);
  told_ = fleet;
  const Carrier carrier = {
      .save = [this](const Fleet& now) { return hold_.Save(now); },
      .do_task =
          [this](const Fleet& now, const FleetTask& task) {
            return operations_.Do(now, task);
          },
      .interrupted = surroundings_.interrupted,
      .beat = [this](Fleet& now) { return Beat(now); },
      .tell = [this](const Fleet& now) { Tell(now); }};
  auto end = CarryFleet(std::move(fleet), carrier);
  if (end.ok() && end->over()) operations_.Sweep("");
  return end;
}

// Pods go on without us, and whoever comes next hears of them: neither who is
// interrupted nor who has lost the hold needs to wait for them.
absl::Status Command::Beat(Fleet& fleet) {
  absl::Status held = hold_.Beat(fleet);
  if (!held.ok() || surroundings_.interrupted()) operations_.Stop();
  return held;
}

void Command::Tell(const Fleet& now) {
  const bool same_run = told_ && told_->nodes.size() == now.nodes.size();
  if (same_run) surroundings_.tell(*told_, now);
  told_ = now;
}

// Somebody is at work: then a run that goes on needn't be told to.
absl::StatusOr<std::optional<Fleet>> Command::Wait(Wish wish,
                                                   const absl::Status& why) {
  ASSIGN_OR_RETURN(const Fleet now, OnRecord());
  if (wish == Wish::kResume && !now.paused) return why;
  RETURN_IF_ERROR(hold_.Send(wish));
  return Follow(wish);
}

// Until whoever is at work has done what is wished; none: he has died.
absl::StatusOr<std::optional<Fleet>> Command::Follow(Wish wish) {
  std::string renewed;
  absl::Time since = absl::Now();
  while (!surroundings_.interrupted()) {
    ASSIGN_OR_RETURN(const auto record, hold_.Read());
    if (!record || !record->fleet) return NeverRan();
    Tell(*record->fleet);
    const bool heard = record->wish == Wish::kNone;
    if (heard && IsGranted(wish, *record->fleet)) return record->fleet;
    if (record->renewed != renewed) since = absl::Now();
    renewed = record->renewed;
    const bool dead = absl::Now() - since >= surroundings_.hold.lasts;
    if (dead || record->holder.empty()) return std::nullopt;
    absl::SleepFor(surroundings_.follow_every);
  }
  return absl::CancelledError("interrupted; the wish stands");
}

}  // namespace applets::upgrade
