// What is done on a node of a cluster is a pod that is bound to it,
// plugin-operation-…: what it is, and what becomes of it. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_POD_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_POD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "base/json.h"

namespace applets::upgrade {

inline constexpr char kOperationNamespace[] = "kube-system";
// All operations of all runs have it.
inline constexpr char kOperationSelector[] = "app=plugin-operation";

// "plugin-operation-NODE-1a2b3c4d": the same for a task of a run whoever asks
// for it. So one that follows a dead upgrader finds the pod that it has left.
std::string OperationName(const Fleet& fleet, const FleetTask& task);

// The pod to create: a container of Fleet::means.image, which goes into the
// node's files and does there what NodeCommand (remote.h) says. It tolerates
// everything: whether the node is worked on has been decided. It ends by itself
// when its time is over.
std::string OperationPod(const Fleet& fleet, const FleetTask& task);

// A pod, as much of it as is looked at.
struct Operation {
  enum class Phase { kPending, kRunning, kSucceeded, kFailed, kUnknown };

  std::string name = {};
  std::string uid = {};
  std::string run = {};  // Fleet::id
  std::optional<absl::Time> created = {};
  bool leaving = false;  // it is being deleted
  bool taken = false;    // the node's kubelet knows of it
  Phase phase = Phase::kUnknown;
  std::string reason = {};  // of the pod, such as Evicted
  std::string message = {};
  std::string waits_for = {};  // of its container, such as ImagePullBackOff
  std::string waits_text = {};
  bool ended = false;  // its container has
  int exit_status = 0;
  std::string end_reason = {};  // such as OOMKilled
  std::string answer = {};      // the termination message

  friend bool operator==(const Operation&, const Operation&) = default;
};

// INVALID_ARGUMENT names the field.
absl::StatusOr<Operation> DecodeOperation(const base::Json& object);

// How long a pod may take, the pull of its image and all.
absl::Duration DeadlineOf(FleetTask::Kind kind);
// A kubelet that hasn't taken its pod by then is away, or hangs.
inline constexpr absl::Duration kTakenLimit = absl::Minutes(1);
// So long an image, or what else a container lacks, is waited for.
inline constexpr absl::Duration kStartLimit = absl::Minutes(1);
// How much later than the pod should have ended its node is given up.
inline constexpr absl::Duration kEndMargin = absl::Minutes(1);
// The answer of a pod that has been there for longer isn't believed, for the
// node may have changed since.
inline constexpr absl::Duration kAnswerKept = absl::Minutes(10);

// What a pod says, `since` the time it has been waited for: nothing as long as
// it may still come to its end.
std::optional<FleetAnswer> Judge(const Fleet& fleet, const FleetTask& task,
                                 const Operation& operation,
                                 absl::Duration since);

// Whether a pod that was found can't be taken for an answer to what is asked
// now.
bool IsStale(const Operation& operation, absl::Time now);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_POD_H_
