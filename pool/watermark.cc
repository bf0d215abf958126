#include "pool/watermark.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pool {

absl::Status Validate(const Watermarks& watermarks) {
  if (watermarks.low < 0 || watermarks.high < 0) {
    return absl::InvalidArgumentError("watermarks must not be negative");
  }
  if (watermarks.low > watermarks.high) {
    return absl::InvalidArgumentError(
        absl::StrCat("--availablePodIPLowWatermark=", watermarks.low,
                     " exceeds --availablePodIPHighWatermark=", watermarks.high,
                     "; lower the one or raise the other"));
  }
  return absl::OkStatus();
}

Plan PlanOf(const Watermarks& watermarks, const Counts& counts, int waiting,
            int in_flight) {
  const int at_hand = counts.warm + counts.fresh + in_flight;
  Plan plan;
  plan.allocate = std::max(0, watermarks.low + waiting - at_hand);
  if (plan.allocate == 0 && in_flight == 0) {
    plan.release = std::max(0, counts.warm - waiting - watermarks.high);
  }
  return plan;
}

}  // namespace pool
