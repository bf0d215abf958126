#ifndef CNIVPC_VPC_UCLOUD_BUDGET_H_
#define CNIVPC_VPC_UCLOUD_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "vpc/provider.h"
#include "vpc/ucloud/breaker.h"

namespace vpc::ucloud {

// How many calls may be made, and how that changes.
struct BudgetOptions {
  double rate_per_second = 10;
  // How many calls may follow each other at once after a pause.
  int burst = 20;
  // The last so many tokens are for Priority::kPod alone.
  int pod_reserve = 5;
  // The rate is multiplied by `lowering` when the API throttles us or fails,
  // down to `min_rate_per_second`; answers within `lowering_pause` count once,
  // for they tell of the same moment.
  double lowering = 0.5;
  double min_rate_per_second = 0.5;
  absl::Duration lowering_pause = absl::Seconds(1);
  // What every second adds to a lowered rate, while the circuit is closed.
  double raise_per_second = 0.1;
  // Calls that wait; further ones are refused.
  size_t max_waiting = 1024;
  BreakerOptions breaker = {};
};

// INVALID_ARGUMENT names the option that makes no sense.
absl::Status CheckOptions(const BudgetOptions& options);

// Who may call the API next, and when: one token a call, by priority, first
// come first served within one. A call waits for those of its priority and
// above only. Pure: it is told the time; earlier times than it has seen already
// count as the latest.
class Budget {
 public:
  using Ticket = uint64_t;

  // `options` must be all right (CheckOptions).
  Budget(const BudgetOptions& options, absl::Time now);

  // A call wants to be made, before `deadline`. The next Decide may have the
  // answer already.
  Ticket Ask(Priority priority, absl::Time deadline, absl::Time now);

  // A call is over.
  void Leave(Outcome outcome, absl::Time now);

  // What is decided by now, about calls that were waiting: OK, go ahead, and
  // call Leave; UNAVAILABLE, the circuit is open, or too many wait;
  // DEADLINE_EXCEEDED, its turn won't come before its deadline.
  struct Verdict {
    Ticket ticket = 0;
    absl::Status status = {};
  };
  std::vector<Verdict> Decide(absl::Time now);

  // When Decide has more to say, unless Ask or Leave are called before;
  // InfiniteFuture if nothing waits.
  absl::Time deadline() const;

  double rate() const { return rate_; }
  CircuitState circuit(absl::Time now) const { return breaker_.state(now); }
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    Ticket ticket = 0;
    Priority priority = Priority::kPod;
    absl::Time deadline = {};
  };
  void Advance(absl::Time now);
  void Lower();
  double NeedOf(Priority priority) const;
  // When there will be so many tokens, if none is taken meanwhile.
  absl::Time TimeOf(double tokens) const;
  absl::Status Judge(const Waiting& waiting, size_t ahead) const;

  const BudgetOptions options_;
  Breaker breaker_;
  absl::Time now_;
  double tokens_;
  double rate_;
  absl::Time lowered_at_ = absl::InfinitePast();
  Ticket next_ticket_ = 1;
  std::vector<Waiting> waiting_;  // by priority, then by ticket
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_BUDGET_H_
