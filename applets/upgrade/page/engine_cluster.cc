#include "applets/upgrade/page/engine_cluster.h"

#include <unistd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/kube_hold.h"
#include "applets/upgrade/kube_nodes.h"
#include "applets/upgrade/kube_operations.h"
#include "applets/upgrade/kube_query.h"
#include "applets/upgrade/kube_record.h"
#include "base/status.h"
#include "kube/client.h"
#include "kube/config.h"

namespace applets::upgrade::page {
namespace {

constexpr absl::Duration kListLimit = absl::Minutes(1);
constexpr absl::Duration kListEvery = absl::Seconds(30);
// How often the run on record is read.
constexpr absl::Duration kReadEvery = absl::Seconds(3);

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
  return absl::StrCat(host, "-page-", getpid(), "-",
                      absl::Hex(absl::Uniform<uint32_t>(random)));
}

// What all functions of the engine share.
class Cluster {
 public:
  Cluster(kube::Config config, Options options, std::string sha256)
      : options_(std::move(options)),
        sha256_(std::move(sha256)),
        me_(OwnName()),
        looks_(absl::StrCat(me_, "-looks")),
        api_(std::move(config)),
        operations_(api_) {}

  absl::StatusOr<std::vector<std::string>> Names() {
    std::vector<std::string> wanted;
    if (!options_.fleet.all) {
      ASSIGN_OR_RETURN(wanted, NodesOf(options_));
    }
    ASSIGN_OR_RETURN(const std::vector<FleetNode> nodes,
                     NodesNow(wanted, MeansOf(options_)));
    std::vector<std::string> names;
    for (const FleetNode& node : nodes) names.push_back(node.name);
    if (!names.empty()) return names;
    return absl::NotFoundError("the cluster has no nodes");
  }

  // Also a node that a run would leave alone, if it answers.
  Finding Look(const std::string& name) {
    Options options = options_;
    options.force = true;
    Fleet fleet = NewFleet(options, 1);
    fleet.id = looks_;
    auto nodes = NodesNow({name}, fleet.means);
    if (!nodes.ok()) {
      return {.problem = std::string(nodes.status().message())};
    }
    fleet.nodes = *std::move(nodes);
    if (fleet.nodes[0].state == NodeState::kSkipped) {
      return FindingFrom(fleet.nodes[0], {.kind = FleetAnswer::Kind::kNothing,
                                          .text = fleet.nodes[0].text});
    }
    return FindingFrom(fleet.nodes[0], operations_.Do(fleet, {}));
  }

  void Stop() { operations_.Stop(); }

  absl::StatusOr<std::optional<Fleet>> Load() {
    Hold hold(api_, me_);
    ASSIGN_OR_RETURN(const auto record, hold.Read());
    const std::lock_guard lock(mutex_);
    const std::string renewed = record ? record->renewed : "";
    if (renewed != renewed_) since_ = absl::Now();
    renewed_ = renewed;
    holder_ = record ? record->holder : "";
    if (!record) return std::nullopt;
    return record->fleet;
  }

  // By somebody who has renewed his hold lately.
  bool IsTaken() {
    const std::lock_guard lock(mutex_);
    return !holder_.empty() && holder_ != me_ &&
           absl::Now() - since_ < Hold::Times().lasts;
  }

  absl::StatusOr<std::shared_ptr<void>> Lock() {
    auto hold = std::make_shared<Hold>(api_, me_);
    RETURN_IF_ERROR(hold->Take([] { return false; }).status());
    const std::lock_guard lock(mutex_);
    held_ = hold;
    return hold;
  }

  absl::StatusOr<Fleet> BeginRun(const Begin& begin) {
    const Options options = OptionsOf(options_, begin);
    Fleet fleet = NewFleet(options, begin.nodes.size());
    fleet.wanted = sha256_;
    ASSIGN_OR_RETURN(fleet.nodes, NodesNow(begin.nodes, fleet.means));
    return fleet;
  }

  absl::StatusOr<Fleet> Carry(Fleet fleet, Engine::Interrupted interrupted,
                              Engine::Tell tell) {
    const std::shared_ptr<Hold> hold = Held();
    if (hold == nullptr) return absl::InternalError("without a hold");
    operations_.Sweep(fleet.id);
    auto end = CarryFleet(
        std::move(fleet),
        {.save = [hold](const Fleet& now) { return hold->Save(now); },
         .do_task =
             [this](const Fleet& now, const FleetTask& task) {
               return operations_.Do(now, task);
             },
         .interrupted = std::move(interrupted),
         .beat = [hold](Fleet& now) { return hold->Beat(now); },
         .tell = std::move(tell)});
    if (end.ok() && end->over()) operations_.Sweep(looks_);
    return end;
  }

 private:
  std::shared_ptr<Hold> Held() {
    const std::lock_guard lock(mutex_);
    return held_.lock();
  }

  // Those of `wanted`, or all; as they were a moment ago.
  absl::StatusOr<std::vector<FleetNode>> NodesNow(
      const std::vector<std::string>& wanted, const FleetMeans& means) {
    const std::lock_guard lock(nodes_mutex_);
    if (absl::Now() - listed_ >= kListEvery) RETURN_IF_ERROR(List());
    return NodesFor(nodes_, wanted, means, absl::Now());
  }

  absl::Status List() {
    ASSIGN_OR_RETURN(
        const kube::Page page,
        api_.List({.resource = kube::kNodes}, absl::Now() + kListLimit));
    std::vector<ClusterNode> nodes;
    for (const base::Json& object : page.items) {
      ASSIGN_OR_RETURN(nodes.emplace_back(), DecodeClusterNode(object));
    }
    nodes_ = std::move(nodes);
    listed_ = absl::Now();
    return absl::OkStatus();
  }

  const Options options_;
  const std::string sha256_;
  const std::string me_;
  const std::string looks_;  // the id of the run that isn't one
  kube::Client api_;
  Operations operations_;

  std::mutex nodes_mutex_;  // guards what follows; held while it is listed anew
  std::vector<ClusterNode> nodes_;
  absl::Time listed_ = absl::InfinitePast();

  std::mutex mutex_;  // guards what follows
  std::weak_ptr<Hold> held_;
  std::string holder_;
  std::string renewed_;
  absl::Time since_ = absl::InfinitePast();
};

// Of a record that is read by time alone.
std::string StampNow() {
  return absl::StrCat((absl::Now() - absl::UnixEpoch()) / kReadEvery);
}

}  // namespace

absl::StatusOr<ClusterEngine> EngineInCluster(const Options& options,
                                              const std::string& sha256) {
  ASSIGN_OR_RETURN(kube::Config config, ConfigOf(options));
  const auto cluster =
      std::make_shared<Cluster>(std::move(config), options, sha256);
  ClusterEngine made;
  ASSIGN_OR_RETURN(made.nodes, cluster->Names());
  made.engine = {
      .means = MeansOf(options),
      .look =
          [cluster](const std::string& node) { return cluster->Look(node); },
      .stamp = StampNow,
      .load = [cluster] { return cluster->Load(); },
      .taken = [cluster] { return cluster->IsTaken(); },
      .lock = [cluster] { return cluster->Lock(); },
      .begin =
          [cluster](const Begin& begin) { return cluster->BeginRun(begin); },
      .check = [](const Fleet&) { return absl::OkStatus(); },
      .carry =
          [cluster](Fleet fleet, Engine::Interrupted interrupted,
                    Engine::Tell tell) {
            return cluster->Carry(std::move(fleet), std::move(interrupted),
                                  std::move(tell));
          },
      .stop = [cluster] { cluster->Stop(); }};
  return made;
}

}  // namespace applets::upgrade::page
