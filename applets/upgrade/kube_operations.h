#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_OPERATIONS_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_OPERATIONS_H_

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/kube_pod.h"
#include "kube/client.h"

namespace applets::upgrade {

// The pods that work on nodes (kube_pod.h): made, waited for, deleted. All that
// are waited for at a time share one list of them.
class Operations {
 public:
  struct Times {
    absl::Duration pause = absl::Milliseconds(300);  // between two looks
    absl::Duration list_every = absl::Milliseconds(500);
  };

  explicit Operations(kube::Client& api) : Operations(api, Times()) {}
  Operations(kube::Client& api, const Times& times)
      : api_(api), times_(times) {}
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  // Does one task; by several threads at a time. A pod for the same task that
  // somebody has left is taken over. Never waits for longer than DeadlineOf and
  // a few minutes; while the API server isn't there it waits for it.
  FleetAnswer Do(const Fleet& fleet, const FleetTask& task);

  // Every Do under way, and each later one, ends soon, without an answer; their
  // pods go on.
  void Stop() { stopped_ = true; }

  // Deletes pods that have ended and that nobody waits for: those of other runs
  // than `run`.
  void Sweep(absl::string_view run);

 private:
  struct Errand;
  std::optional<FleetAnswer> Advance(Errand& errand);
  std::optional<FleetAnswer> Begin(Errand& errand);
  static std::optional<FleetAnswer> Bear(const Errand& errand,
                                         const absl::Status& trouble);
  std::optional<FleetAnswer> WaitUntilGone(Errand& errand,
                                           const Operation& operation);
  absl::StatusOr<std::optional<Operation>> Find(const std::string& name,
                                                absl::Time newer_than);
  absl::Status List();
  void Delete(const Operation& operation);

  kube::Client& api_;
  const Times times_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  // guards what follows; held while it is listed anew
  std::map<std::string, Operation> board_;
  absl::Time listed_ = absl::InfinitePast();
};

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_OPERATIONS_H_
