#ifndef CNIVPC_VPC_UCLOUD_BUDGET_GATE_H_
#define CNIVPC_VPC_UCLOUD_BUDGET_GATE_H_

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "vpc/ucloud/budget.h"

namespace vpc::ucloud {

// The one budget for all calls of the process: a Budget that threads wait at.
//
//   ASSIGN_OR_RETURN(const absl::Duration waited, gate.Enter(priority, by));
//   ... the call ...
//   gate.Leave(outcome);
class Gate {
 public:
  // `options` must be all right (CheckOptions).
  explicit Gate(const BudgetOptions& options);

  // Blocks until the call may be made, and returns for how long it has waited.
  // Otherwise the call was certainly not sent (base::WasNotSent): UNAVAILABLE,
  // the circuit is open or too many wait; DEADLINE_EXCEEDED, and that at once,
  // when its turn won't come before `deadline`. After OK, Leave must follow.
  absl::StatusOr<absl::Duration> Enter(Priority priority, absl::Time deadline);
  void Leave(Outcome outcome);

  // Calls a second that are allowed at present.
  double rate() const;
  // "closed", "open" or "half-open".
  std::string circuit() const;

 private:
  void Decide(absl::Time now);
  absl::Status Await(std::unique_lock<std::mutex>& lock, Budget::Ticket ticket);

  mutable std::mutex mutex_;
  std::condition_variable decided_;
  Budget budget_;  // guarded by mutex_
  std::map<Budget::Ticket, absl::Status>
      verdicts_;  // not yet fetched; likewise
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_BUDGET_GATE_H_
