#ifndef CNIVPC_POOL_WATERMARK_H_
#define CNIVPC_POOL_WATERMARK_H_

#include "absl/status/status.h"
#include "pool/pool.h"

namespace pool {

// How many addresses to keep at hand (--availablePodIPLowWatermark,
// --availablePodIPHighWatermark; UK8S's defaults). Both 0: none is allocated
// ahead of need.
struct Watermarks {
  int low = 3;
  int high = 50;
};

// INVALID_ARGUMENT when low exceeds high, or either is negative.
absl::Status Validate(const Watermarks& watermarks);

// What to ask the VPC for now; at most one of the two is positive.
struct Plan {
  int allocate = 0;
  int release = 0;
  friend bool operator==(const Plan&, const Plan&) = default;
};

// Fills to the low watermark, and by what `waiting` ADDs need, minus what calls
// under way will bring (`in_flight`); trims what is above the high one. Cooling
// addresses count as neither available nor needed.
Plan PlanOf(const Watermarks& watermarks, const Counts& counts, int waiting,
            int in_flight);

}  // namespace pool

#endif  // CNIVPC_POOL_WATERMARK_H_
