#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_COMMAND_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_COMMAND_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/kube_hold.h"
#include "applets/upgrade/kube_operations.h"
#include "applets/upgrade/kube_record.h"
#include "applets/upgrade/options.h"
#include "applets/upgrade/query.h"
#include "kube/client.h"

namespace applets::upgrade {

// What a command of an upgrader over a cluster has around it.
struct CommandSurroundings {
  // Whether somebody wants it to end; asked often.
  std::function<bool()> interrupted = {};
  // Hears what has changed: the run as it was told before, and now.
  std::function<void(const Fleet& before, const Fleet& now)> tell = {};
  Hold::Times hold = {};
  Operations::Times operations = {};
  absl::Duration follow_every = absl::Seconds(1);
};

// `cnivpc upgrade` over a cluster, once; `options` must outlive it. Errors:
// those of Hold and of kube::Client, and
//   NOT_FOUND            there is no run, or no such node
//   FAILED_PRECONDITION  another run isn't finished
class Command {
 public:
  Command(const Options& options, kube::Config config,
          CommandSurroundings surroundings);

  // The run that is on record.
  absl::StatusOr<Fleet> OnRecord();
  // Asks every node, also those that a run would leave alone if they answer.
  absl::StatusOr<std::vector<NodeFinding>> Query();
  // Carries the run out; or has whoever is at work do what is wished, and
  // returns when it has.
  absl::StatusOr<Fleet> Go();

 private:
  absl::StatusOr<Fleet> FleetOf(std::optional<Fleet> left);
  absl::StatusOr<Fleet> Begin(const Options& options);
  absl::StatusOr<Fleet> CarryOn(std::optional<Fleet> left);
  absl::Status Beat(Fleet& fleet);
  absl::StatusOr<std::optional<Fleet>> Wait(Wish wish, const absl::Status& why);
  absl::StatusOr<std::optional<Fleet>> Follow(Wish wish);
  void Tell(const Fleet& now);

  const Options& options_;
  const CommandSurroundings surroundings_;
  kube::Client api_;
  Hold hold_;
  Operations operations_;
  std::optional<Fleet> told_ = std::nullopt;
};

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_COMMAND_H_
