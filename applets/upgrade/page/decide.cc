#include "applets/upgrade/page/decide.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace applets::upgrade::page {
namespace {

using What = Steer::What;

constexpr char kTakenBack[] = "taken back by hand";

absl::Status Against(absl::string_view what) {
  return absl::FailedPreconditionError(what);
}

bool CanReturn(const Seen& seen) {
  return seen.finding && seen.finding->reached &&
         seen.finding->previous.presence != Artifact::Presence::kMissing &&
         !seen.finding->previous.sha256.empty();
}

}  // namespace

absl::Status MaySwitch(const Board& board, const Switch& order) {
  if (board.upgrader() != Upgrader::kHere) return absl::OkStatus();
  return Against(order.on ? "a run is at work: ask again when it is over"
                          : "a run is at work: pause it, or wait for its end");
}

absl::Status MayBegin(const Board& board, const Begin& order) {
  if (board.service() == Service::kOff) return Against("the service is off");
  if (board.service() == Service::kAsking) {
    return Against("the nodes are still being asked what they have");
  }
  if (!board.idle()) return Against("another run isn't over");
  bool any_returns = false;
  for (const std::string& name : order.nodes) {
    const Seen* seen = board.Find(name);
    if (seen == nullptr) {
      return absl::NotFoundError(absl::StrCat(name, " isn't on the list"));
    }
    any_returns = any_returns || CanReturn(*seen);
  }
  if (any_returns || order.kind == Begin::Kind::kUpgrade) {
    return absl::OkStatus();
  }
  return Against(absl::StrCat(
      order.nodes.front(), " has no previous version to go back to",
      order.nodes.size() == 1 ? "" : ", nor has another of these"));
}

absl::Status MaySteer(const Board& board, const Steer& order) {
  if (!board.run()) return absl::NotFoundError("there was no run");
  if (board.upgrader() == Upgrader::kElsewhere) {
    return Against("another upgrader carries the run on: pause it there");
  }
  const bool here = board.upgrader() == Upgrader::kHere;
  if (order.what == What::kPause && !here) return Against("nobody is at work");
  if (order.what == What::kResume && here) return Against("it is at work");
  if (order.what != What::kReturn && board.run()->over()) {
    return Against("the run is over");
  }
  return absl::OkStatus();
}

absl::Status CheckOver(const std::optional<Fleet>& left) {
  if (!left || left->over()) return absl::OkStatus();
  return Against("another run isn't over");
}

Fleet TakeBack(const Board& board, const Begin& order, const FleetMeans& means,
               absl::Time now) {
  Fleet fleet{.means = means,
              .phase = FleetPhase::kReturning,
              .returns = true,
              .reason = kTakenBack,
              .started = now,
              .settled = absl::InfiniteFuture()};
  fleet.id = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  fleet.rules.batch_size = fleet.rules.max_unavailable =
      std::max<int64_t>(1, order.batch_size.Of(order.nodes.size()));
  for (const std::string& name : order.nodes) {
    const Seen* seen = board.Find(name);
    if (!CanReturn(*seen)) continue;
    fleet.nodes.push_back({.name = name,
                           .state = NodeState::kDone,
                           .batch = 0,
                           .before = seen->finding->previous.sha256,
                           .changed = now});
  }
  return fleet;
}

absl::StatusOr<Fleet> GoOn(std::optional<Fleet> left, const Steer& order) {
  if (!left) return absl::NotFoundError("there was no run");
  if (order.what == What::kResume) left->paused = false;
  if (order.what == What::kAbort) Stop(*left, "aborted");
  if (order.what == What::kReturn) Return(*left, kTakenBack);
  return *std::move(left);
}

}  // namespace applets::upgrade::page
