#include "pool/sim/meter.h"

#include <cstddef>

namespace pool::sim {
namespace {

int64_t NumberOf(absl::Time time) { return absl::ToUnixSeconds(time) / 60; }

}  // namespace

CallBudget::Minute& CallBudget::At(absl::Time now) {
  const int64_t number = NumberOf(now);
  Minute& minute = minutes_[static_cast<size_t>(number % kMinutes)];
  if (minute.number != number) minute = Minute{number};
  return minute;
}

void CallBudget::OnPod(absl::Time now) { ++At(now).pods; }

bool CallBudget::OnCall(absl::Time now) {
  const int calls = ++At(now).calls;
  if (calls <= kPerMinute) return true;
  const int64_t oldest = NumberOf(now) - kMinutes;
  int pods = 0;
  for (const Minute& minute : minutes_) {
    if (minute.number > oldest) pods += minute.pods;
  }
  return calls <= kPerMinute + kPerChange * pods;
}

CallBudget::Minute CallBudget::Past(absl::Time now, int minutes) const {
  const int64_t number = NumberOf(now) - minutes;
  const Minute& minute = minutes_[static_cast<size_t>(number % kMinutes)];
  return minute.number == number ? minute : Minute();
}

int CallBudget::last_minute(absl::Time now) const { return Past(now, 1).calls; }

bool CallBudget::IsBusy(absl::Time now) const {
  return Past(now, 0).pods + Past(now, 1).pods > 0;
}

}  // namespace pool::sim
