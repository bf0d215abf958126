#ifndef CNIVPC_VPC_UCLOUD_BREAKER_H_
#define CNIVPC_VPC_UCLOUD_BREAKER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vpc::ucloud {

// How a call ended, as far as others are concerned.
enum class Outcome {
  kOk,
  kThrottled,    // RetCode 153, HTTP 429: alive, and we ask too much
  kServerError,  // HTTP 5xx, RetCodes of the platform's own trouble, no answer
  kRefused,      // the API answered no: alive
};

struct BreakerOptions {
  // So many kServerError in a row open the circuit.
  int failures_to_open = 5;
  // For so long, twice that after a trial that failed, up to the limit.
  absl::Duration first_pause = absl::Seconds(2);
  absl::Duration max_pause = absl::Minutes(1);
  // A trial that hasn't ended by then is given up: another may be made. Longer
  // than any call takes.
  absl::Duration trial_patience = absl::Minutes(2);
};

enum class CircuitState { kClosed, kOpen, kHalfOpen };
// "closed", "open", "half-open".
absl::string_view NameOf(CircuitState state);

// Keeps calls back from an API that is down.
//
//             N failures in a row              the pause is over
//   closed ───────────────────────► open ◄───────────────────────► half-open
//     ▲                                        the trial failed        │
//     └────────────────────────────────────────────────────────────────┘
//                               any answer
//
// Half-open lets one call through, the trial. An answer to any call closes the
// circuit in every state, as it shows that the API is alive; the failure of a
// call that was sent before the circuit opened doesn't lengthen the pause.
// Pure.
class Breaker {
 public:
  explicit Breaker(const BreakerOptions& options) : options_(options) {}

  CircuitState state(absl::Time now) const;
  // Whether a call may be sent now.
  bool Admits(absl::Time now) const;
  // One is sent, after Admits said yes.
  void Sent(absl::Time now);
  // One has ended.
  void Ended(Outcome outcome, absl::Time now);

  // When Admits turns true by itself: the past if it is true already.
  absl::Time retry_at() const;
  // Why calls are kept back, for an error: "circuit open after 5 failures in a
  // row, next try in 2s".
  std::string Reason(absl::Time now) const;

 private:
  void Open(absl::Time now);

  const BreakerOptions options_;
  int failures_ = 0;                               // in a row
  absl::Duration pause_;                           // zero when closed
  absl::Time open_until_ = absl::InfinitePast();   // when not closed
  absl::Time trial_until_ = absl::InfinitePast();  // patience with the trial
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_BREAKER_H_
