#include "applets/upgrade/kube_operations.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "kube/error.h"

namespace applets::upgrade {
namespace {

using Answered = FleetAnswer::Kind;

constexpr absl::Duration kCall = absl::Seconds(10);
constexpr absl::Duration kAwayLimit = absl::Seconds(5);

FleetAnswer Nothing(absl::string_view text) {
  return {.kind = Answered::kNothing, .text = std::string(text)};
}

bool IsOver(const Operation& operation) {
  return operation.ended || operation.phase == Operation::Phase::kSucceeded ||
         operation.phase == Operation::Phase::kFailed;
}

}  // namespace

// A task under way.
struct Operations::Errand {
  const Fleet& fleet;
  const FleetTask& task;
  std::string name = {};
  absl::Time begun = {};
  bool made = false;  // the pod, by us
  absl::Time newer_than = absl::InfinitePast();
  std::optional<absl::Time> seen = std::nullopt;     // the pod, first
  std::optional<absl::Time> leaving = std::nullopt;  // an earlier one, first
};

FleetAnswer Operations::Do(const Fleet& fleet, const FleetTask& task) {
  Errand errand{.fleet = fleet,
                .task = task,
                .name = OperationName(fleet, task),
                .begun = absl::Now()};
  while (!stopped_) {
    auto answer = Advance(errand);
    if (answer) return *std::move(answer);
    absl::SleepFor(times_.pause);
  }
  return Nothing("this upgrader ends");
}

std::optional<FleetAnswer> Operations::Advance(Errand& errand) {
  const auto found = Find(errand.name, errand.newer_than);
  if (!found.ok()) return Bear(errand, found.status());
  if (!*found) {
    if (errand.made) return Nothing("its pod was deleted by somebody");
    return Begin(errand);
  }
  const Operation& operation = **found;
  const absl::Time now = absl::Now();
  if (IsStale(operation, now)) return WaitUntilGone(errand, operation);
  if (!errand.seen) errand.seen = now;
  auto answer = Judge(errand.fleet, errand.task, operation, now - *errand.seen);
  if (answer) Delete(operation);
  return answer;
}

// An API server that fails may get over it.
std::optional<FleetAnswer> Operations::Bear(const Errand& errand,
                                            const absl::Status& trouble) {
  const absl::Duration patience = DeadlineOf(errand.task.kind) + 2 * kEndMargin;
  if (absl::Now() - errand.begun < patience) return std::nullopt;
  return Nothing(trouble.message());
}

std::optional<FleetAnswer> Operations::Begin(Errand& errand) {
  const auto made =
      api_.Create(kube::kPods, kOperationNamespace,
                  OperationPod(errand.fleet, errand.task), absl::Now() + kCall);
  errand.newer_than = absl::Now();
  if (made.ok()) errand.made = true;
  if (made.ok() || absl::IsAlreadyExists(made.status())) return std::nullopt;
  // It may have been made though no answer came; the list will tell.
  if (kube::MayPass(made.status())) return Bear(errand, made.status());
  FleetAnswer answer =
      Nothing(absl::StrCat("its pod can't be made: ", made.status().message()));
  if (errand.task.kind == FleetTask::Kind::kLook) {
    answer.kind = Answered::kFailed;
  }
  return answer;
}

std::optional<FleetAnswer> Operations::WaitUntilGone(
    Errand& errand, const Operation& operation) {
  const absl::Time now = absl::Now();
  if (!errand.leaving) errand.leaving = now;
  if (!operation.leaving) Delete(operation);
  errand.newer_than = now;
  // A kubelet that has never taken it won't let go of it, either.
  const absl::Duration patience = operation.taken ? kTakenLimit : kAwayLimit;
  if (now - *errand.leaving < patience) return std::nullopt;
  return Nothing(operation.taken
                     ? "an earlier pod of it doesn't go away"
                     : "its kubelet neither takes a pod nor lets go of it");
}

absl::StatusOr<std::optional<Operation>> Operations::Find(
    const std::string& name, absl::Time newer_than) {
  const std::lock_guard lock(mutex_);
  if (listed_ <= newer_than || absl::Now() - listed_ >= times_.list_every) {
    RETURN_IF_ERROR(List());
  }
  const auto found = board_.find(name);
  if (found == board_.end()) return std::nullopt;
  return found->second;
}

absl::Status Operations::List() {
  const absl::Time now = absl::Now();
  ASSIGN_OR_RETURN(const kube::Page page,
                   api_.List({.resource = kube::kPods,
                              .name_space = kOperationNamespace,
                              .label_selector = kOperationSelector},
                             now + kCall));
  board_.clear();
  for (const base::Json& object : page.items) {
    auto operation = DecodeOperation(object);
    if (!operation.ok()) continue;
    const std::string name = operation->name;
    board_.insert_or_assign(name, *std::move(operation));
  }
  listed_ = now;
  return absl::OkStatus();
}

// One that can't be deleted now is left to the next Sweep.
void Operations::Delete(const Operation& operation) {
  api_.Delete(kube::kPods, {kOperationNamespace, operation.name},
              {.uid = operation.uid}, absl::Now() + kCall)
      .IgnoreError();
}

void Operations::Sweep(absl::string_view run) {
  std::map<std::string, Operation> board;
  {
    const std::lock_guard lock(mutex_);
    if (!List().ok()) return;
    board = board_;
  }
  for (const auto& [name, operation] : board) {
    if (operation.run == run || operation.leaving || !IsOver(operation)) {
      continue;
    }
    Delete(operation);
  }
}

}  // namespace applets::upgrade
