#include "applets/upgrade/fleet.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

using State = NodeState;
using Task = FleetTask::Kind;
using Answered = FleetAnswer::Kind;

// What a node in this state waits for.
std::optional<Task> TaskOf(State state) {
  switch (state) {
    case State::kLooking:
      return Task::kLook;
    case State::kUpgrading:
      return Task::kUpgrade;
    case State::kChecking:
      return Task::kCheck;
    case State::kReturning:
      return Task::kReturn;
    default:
      return std::nullopt;
  }
}

bool IsEnd(State state) {
  return state == State::kDone || state == State::kUnchanged ||
         state == State::kSkipped || state == State::kFailed ||
         state == State::kReturned || state == State::kLost;
}

bool IsUnavailable(State state) {
  return state == State::kUpgrading || state == State::kReturning;
}

void Enter(FleetNode& node, State state, absl::Time now) {
  node.state = state;
  node.changed = now;
  node.asked = false;
  node.attempts = 0;
  node.not_before = absl::InfinitePast();
  if (IsEnd(state)) node.adds.reset();  // nobody needs it any more
}

int64_t CurrentBatch(const Fleet& fleet) {
  int64_t batch = -1;
  for (const FleetNode& node : fleet.nodes) batch = std::max(batch, node.batch);
  return batch;
}

// Whether a node of an earlier batch has come through it all. Until then every
// batch is one of canaries.
bool HasProof(const Fleet& fleet, int64_t batch) {
  return absl::c_any_of(fleet.nodes, [&](const FleetNode& node) {
    return node.batch >= 0 && node.batch < batch &&
           (node.state == State::kDone || node.state == State::kUnchanged);
  });
}

bool CanGoBack(const Fleet& fleet, const FleetNode& node) {
  return !node.before.empty() && node.before != fleet.wanted;
}

void Halt(Fleet& fleet, absl::string_view reason, bool returns) {
  if (fleet.phase != FleetPhase::kRunning) return;
  fleet.phase = FleetPhase::kStopping;
  fleet.reason = std::string(reason);
  fleet.returns = returns;
}

void Count(Fleet& fleet, const FleetNode& failed) {
  const int64_t failures =
      absl::c_count_if(fleet.nodes, [](const FleetNode& node) {
        return node.state == State::kFailed || node.state == State::kLost ||
               node.state == State::kReturning ||
               node.state == State::kReturned;
      });
  const bool canary = !HasProof(fleet, failed.batch);
  if (failures <= fleet.rules.max_failures && !canary) return;
  Halt(fleet, absl::StrCat(failed.name, ": ", failed.text),
       fleet.rules.roll_back);
}

// --- answers

// None came. Whoever can't even be looked at is left alone.
void MissAnswer(Fleet& fleet, FleetNode& node, absl::Time now) {
  node.asked = false;
  if (++node.attempts < kFleetAttempts) {
    node.not_before = now + kFleetPause * (1 << (node.attempts - 1));
    return;
  }
  if (node.state == State::kLooking) {
    Enter(node, State::kSkipped, now);
    return;
  }
  Enter(node, State::kLost, now);
  Count(fleet, node);
}

void Fail(Fleet& fleet, FleetNode& node, std::string why, absl::Time now) {
  node.text = std::move(why);
  Enter(node, State::kFailed, now);
  Count(fleet, node);
}

// What a node brings must be one and the same program everywhere.
bool IsAnother(Fleet& fleet, const FleetAnswer& answer) {
  if (answer.wanted.empty()) return false;
  if (fleet.wanted.empty()) fleet.wanted = answer.wanted;
  return answer.wanted != fleet.wanted;
}

void HearLook(Fleet& fleet, FleetNode& node, const FleetAnswer& answer,
              absl::Time now) {
  if (answer.kind != Answered::kOk) {
    Fail(fleet, node, answer.text, now);
    return;
  }
  if (IsAnother(fleet, answer)) {
    Fail(fleet, node,
         absl::StrCat(fleet.means.image, " has another program there, SHA-256 ",
                      answer.wanted, " instead of ", fleet.wanted),
         now);
    return;
  }
  node.before = answer.sha256;
  if (answer.health) node.adds = answer.health->adds;
  Enter(node,
        answer.sha256 == fleet.wanted ? State::kUpgraded : State::kWaiting,
        now);
}

State AfterUpgrade(Answered answer) {
  if (answer == Answered::kOk) return State::kUpgraded;
  return answer == Answered::kStuck ? State::kLost : State::kFailed;
}

State AfterCheck(const Fleet& fleet, const FleetNode& node, Answered answer) {
  const bool had_it = node.before == fleet.wanted;
  if (answer == Answered::kOk) {
    return had_it ? State::kUnchanged : State::kDone;
  }
  if (had_it) return State::kFailed;
  return CanGoBack(fleet, node) ? State::kReturning : State::kLost;
}

void HearEnd(Fleet& fleet, FleetNode& node, const FleetAnswer& answer,
             absl::Time now) {
  if (node.state == State::kReturning) {
    const bool ok = answer.kind == Answered::kOk;
    Enter(node, ok ? State::kReturned : State::kLost, now);
    return;
  }
  Enter(node,
        node.state == State::kUpgrading ? AfterUpgrade(answer.kind)
                                        : AfterCheck(fleet, node, answer.kind),
        now);
  if (answer.kind != Answered::kOk) Count(fleet, node);
}

// A node that sets up our pod may still fail others'.
FleetAnswer Judged(const Fleet& fleet, const FleetNode& node,
                   FleetAnswer answer) {
  if (node.state != State::kChecking || answer.kind != Answered::kOk) {
    return answer;
  }
  answer.text =
      WhyUnwell(node.adds, answer.health, fleet.rules.max_failed_adds);
  if (!answer.text.empty()) answer.kind = Answered::kFailed;
  return answer;
}

// --- what comes next

void BeginBatch(Fleet& fleet, int64_t batch, absl::Time now) {
  int64_t room =
      HasProof(fleet, batch) ? fleet.rules.batch_size : fleet.rules.canaries;
  for (FleetNode& node : fleet.nodes) {
    if (room == 0) break;
    if (node.batch >= 0 || node.state != State::kWaiting) continue;
    node.batch = batch;
    Enter(node, State::kLooking, now);
    --room;
  }
  fleet.settled = absl::InfiniteFuture();
}

int64_t Unavailable(const Fleet& fleet) {
  return absl::c_count_if(fleet.nodes, [](const FleetNode& node) {
    return IsUnavailable(node.state);
  });
}

// Those that were looked at.
void UpgradeBatch(Fleet& fleet, int64_t batch, absl::Time now) {
  int64_t room = fleet.rules.max_unavailable - Unavailable(fleet);
  for (FleetNode& node : fleet.nodes) {
    if (room <= 0) return;
    if (node.batch != batch || node.state != State::kWaiting) continue;
    Enter(node, State::kUpgrading, now);
    --room;
  }
}

// When all of it are upgraded, and the soak is over.
void CheckBatch(Fleet& fleet, int64_t batch, absl::Time now) {
  const bool settled = absl::c_all_of(fleet.nodes, [&](const FleetNode& node) {
    return node.batch != batch || node.state == State::kUpgraded ||
           node.state == State::kChecking || IsEnd(node.state);
  });
  if (!settled) return;
  if (fleet.settled == absl::InfiniteFuture()) fleet.settled = now;
  if (now < fleet.settled + fleet.rules.soak) return;
  for (FleetNode& node : fleet.nodes) {
    if (node.batch == batch && node.state == State::kUpgraded) {
      Enter(node, State::kChecking, now);
    }
  }
}

void Run(Fleet& fleet, absl::Time now) {
  if (now >= fleet.started + fleet.rules.deadline) {
    Halt(fleet, "the deadline is over", false);
    return;
  }
  if (fleet.paused) return;
  int64_t batch = CurrentBatch(fleet);
  const bool over = absl::c_all_of(fleet.nodes, [&](const FleetNode& node) {
    return node.batch != batch || batch < 0 || IsEnd(node.state);
  });
  if (over) BeginBatch(fleet, ++batch, now);
  if (CurrentBatch(fleet) < batch) {
    fleet.phase = FleetPhase::kDone;
    return;
  }
  UpgradeBatch(fleet, batch, now);
  CheckBatch(fleet, batch, now);
}

// Nothing new is begun. What only looks needn't be waited for.
void Wind(Fleet& fleet, absl::Time now) {
  bool at_work = false;
  for (FleetNode& node : fleet.nodes) {
    if (node.state == State::kLooking) Enter(node, State::kWaiting, now);
    if (node.state == State::kChecking) Enter(node, State::kUpgraded, now);
    if (IsUnavailable(node.state)) at_work = true;
  }
  if (at_work) return;
  fleet.phase = fleet.returns ? FleetPhase::kReturning : FleetPhase::kStopped;
}

bool GoesBack(const Fleet& fleet, const FleetNode& node) {
  return CanGoBack(fleet, node) &&
         (node.state == State::kUpgraded || node.state == State::kDone);
}

void GoBack(Fleet& fleet, absl::Time now) {
  int64_t room = fleet.rules.max_unavailable - Unavailable(fleet);
  for (FleetNode& node : fleet.nodes) {
    if (!GoesBack(fleet, node) || room <= 0) continue;
    Enter(node, State::kReturning, now);
    --room;
  }
  if (Unavailable(fleet) == 0) fleet.phase = FleetPhase::kReturned;
}

std::vector<FleetTask> TasksNow(Fleet& fleet, absl::Time now) {
  std::vector<FleetTask> tasks;
  for (size_t i = 0; i < fleet.nodes.size(); ++i) {
    FleetNode& node = fleet.nodes[i];
    const std::optional<Task> kind = TaskOf(node.state);
    if (!kind || node.asked || now < node.not_before) continue;
    node.asked = true;
    tasks.push_back({*kind, i});
  }
  return tasks;
}

}  // namespace

int64_t Fleet::Count(NodeState state) const {
  return absl::c_count_if(
      nodes, [&](const FleetNode& node) { return node.state == state; });
}

std::vector<FleetTask> Proceed(Fleet& fleet, absl::Time now) {
  if (fleet.phase == FleetPhase::kRunning) Run(fleet, now);
  if (fleet.phase == FleetPhase::kStopping) Wind(fleet, now);
  if (fleet.phase == FleetPhase::kReturning) GoBack(fleet, now);
  if (fleet.over()) return {};
  return TasksNow(fleet, now);
}

bool MustRecord(const std::vector<FleetTask>& tasks) {
  return absl::c_any_of(tasks, [](const FleetTask& task) {
    return task.kind == Task::kUpgrade || task.kind == Task::kReturn;
  });
}

absl::Time NextCall(const Fleet& fleet, absl::Time now) {
  absl::Time next = absl::InfiniteFuture();
  if (fleet.over()) return next;
  if (fleet.phase == FleetPhase::kRunning) {
    next = fleet.started + fleet.rules.deadline;
    const absl::Time look = fleet.settled + fleet.rules.soak;
    if (!fleet.paused && look > now) next = std::min(next, look);
  }
  for (const FleetNode& node : fleet.nodes) {
    if (TaskOf(node.state) && !node.asked) {
      next = std::min(next, node.not_before);
    }
  }
  return next;
}

void Hear(Fleet& fleet, const FleetTask& task, const FleetAnswer& answer,
          absl::Time now) {
  if (task.node >= fleet.nodes.size()) return;
  FleetNode& node = fleet.nodes[task.node];
  if (TaskOf(node.state) != task.kind || !node.asked) return;
  const FleetAnswer judged = Judged(fleet, node, answer);
  node.text = judged.text;
  if (!judged.version.empty()) node.version = judged.version;
  if (judged.kind == Answered::kNothing) {
    MissAnswer(fleet, node, now);
  } else if (task.kind == Task::kLook) {
    HearLook(fleet, node, judged, now);
  } else {
    HearEnd(fleet, node, judged, now);
  }
}

void Stop(Fleet& fleet, absl::string_view reason) {
  Halt(fleet, reason, false);
}

void Return(Fleet& fleet, absl::string_view reason) {
  if (fleet.phase == FleetPhase::kReturning) return;
  fleet.reason = std::string(reason);
  fleet.returns = true;
  fleet.paused = false;
  fleet.phase = FleetPhase::kStopping;
}

}  // namespace applets::upgrade
