#include "vpc/ucloud/budget_gate.h"

#include <chrono>
#include <utility>

#include "base/http.h"

namespace vpc::ucloud {
namespace {

// Of the steady clock, so that setting the node's clock neither opens the gate
// nor shuts it. The epoch doesn't matter.
absl::Time SteadyNow() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

std::chrono::steady_clock::time_point ToSteady(absl::Time time) {
  return std::chrono::steady_clock::time_point(
      absl::ToChronoNanoseconds(time - absl::UnixEpoch()));
}

}  // namespace

Gate::Gate(const BudgetOptions& options) : budget_(options, SteadyNow()) {}

absl::StatusOr<absl::Duration> Gate::Enter(Priority priority,
                                           absl::Time deadline) {
  const absl::Duration patience = deadline - absl::Now();
  const absl::Time asked = SteadyNow();
  std::unique_lock<std::mutex> lock(mutex_);
  const Budget::Ticket ticket = budget_.Ask(priority, asked + patience, asked);
  Decide(asked);
  const absl::Status verdict = Await(lock, ticket);
  if (!verdict.ok()) return base::MarkNotSent(verdict);
  return SteadyNow() - asked;
}

absl::Status Gate::Await(std::unique_lock<std::mutex>& lock,
                         Budget::Ticket ticket) {
  auto verdict = verdicts_.find(ticket);
  while (verdict == verdicts_.end()) {
    // Not InfiniteFuture: our own ticket waits.
    decided_.wait_until(lock, ToSteady(budget_.deadline()));
    Decide(SteadyNow());
    verdict = verdicts_.find(ticket);
  }
  absl::Status status = std::move(verdict->second);
  verdicts_.erase(verdict);
  return status;
}

// Every waiting thread wakes up for the first of them; there are only as many
// as the process has workers.
void Gate::Decide(absl::Time now) {
  std::vector<Budget::Verdict> verdicts = budget_.Decide(now);
  for (Budget::Verdict& verdict : verdicts) {
    verdicts_.emplace(verdict.ticket, std::move(verdict.status));
  }
  if (!verdicts.empty()) decided_.notify_all();
}

void Gate::Leave(Outcome outcome) {
  const absl::Time now = SteadyNow();
  const std::lock_guard<std::mutex> lock(mutex_);
  budget_.Leave(outcome, now);
  Decide(now);
}

double Gate::rate() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return budget_.rate();
}

std::string Gate::circuit() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::string(NameOf(budget_.circuit(SteadyNow())));
}

}  // namespace vpc::ucloud
