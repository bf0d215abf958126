#ifndef CNIVPC_POOL_SIM_METER_H_
#define CNIVPC_POOL_SIM_METER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace pool::sim {

// What a fleet has cost and done, all nodes together.
struct Totals {
  uint64_t pods = 0;      // that ran
  uint64_t adds = 0;      // answered, well or not
  uint64_t refusals = 0;  // ... with an error
  uint64_t waited = 0;    // ... that didn't get their answer at once
  absl::Duration longest_wait;
  uint64_t allocates = 0;
  uint64_t releases = 0;
  uint64_t claims = 0;
  uint64_t moves = 0;
  uint64_t lists = 0;
  uint64_t crashes = 0;
  uint64_t restarts = 0;
  uint64_t conflicts = 0;
  uint64_t borrowed = 0;
  uint64_t changes() const { return allocates + releases + claims + moves; }
};

// How often one node calls the VPC: so much a minute, and something for each
// ADD and DEL of the last minutes.
class CallBudget {
 public:
  // Lists, looks again at what is suspected, attempts that failed.
  static constexpr int kPerMinute = 40;
  static constexpr int kPerChange = 3;
  // A pod's end leads to a call only when its address has rested and was
  // trimmed.
  static constexpr int kMinutes = 10;

  void OnPod(absl::Time now);
  // False if it is one too many.
  bool OnCall(absl::Time now);
  // In the minute before `now`'s; and whether pods came or went in it, or do so
  // now.
  int last_minute(absl::Time now) const;
  bool IsBusy(absl::Time now) const;

 private:
  struct Minute {
    int64_t number = -1;
    int calls = 0;
    int pods = 0;
  };
  Minute& At(absl::Time now);
  Minute Past(absl::Time now, int minutes) const;

  std::vector<Minute> minutes_ = std::vector<Minute>(kMinutes);
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_METER_H_
