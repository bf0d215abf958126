#ifndef CNIVPC_BENCH_CHURN_H_
#define CNIVPC_BENCH_CHURN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/pod.h"

namespace bench {

struct ChurnOptions {
  double pods_per_second = 20;
  absl::Duration duration = absl::Minutes(1);
  // How long a pod lives: half of it to half as long again, by chance.
  absl::Duration life = absl::Seconds(5);
  uint64_t seed = 1;
};

// Pods come at that rate, whether earlier ones have got their network or not,
// live, and go. A pod whose ADD fails is treated as by a kubelet: DEL, and a
// second later another sandbox. Writes a line for each call, as driver_main.cc
// says. FAILED_PRECONDITION if two pods had an address at the same time; or a
// DEL failed, or a pod never got an address: `kMaxAttempts` sandboxes.
inline constexpr int kMaxAttempts = 60;
absl::Status Churn(const Contender& contender, const ChurnOptions& options);

}  // namespace bench

#endif  // CNIVPC_BENCH_CHURN_H_
