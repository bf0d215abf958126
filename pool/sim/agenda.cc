#include "pool/sim/agenda.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace pool::sim {

void Agenda::At(absl::Time time, Task task) {
  uint32_t slot = static_cast<uint32_t>(tasks_.size());
  if (free_slots_.empty()) {
    tasks_.push_back(std::move(task));
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    tasks_[slot] = std::move(task);
  }
  // Rounded up, for nothing is to be early; absl::Time has fractions.
  const absl::Duration delay =
      absl::Ceil(std::max(time, now_) - start_, absl::Nanoseconds(1));
  heap_.push_back({absl::ToInt64Nanoseconds(delay), entered_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void Agenda::RunUntil(absl::Time until) {
  const int64_t end = absl::ToInt64Nanoseconds(until - start_);
  while (!stopped_ && !heap_.empty() && heap_.front().nanos <= end) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = start_ + absl::Nanoseconds(entry.nanos);
    Task task = std::move(tasks_[entry.slot]);
    tasks_[entry.slot] = nullptr;
    free_slots_.push_back(entry.slot);
    ++events_;
    task();
  }
  if (!stopped_) now_ = until;
}

}  // namespace pool::sim
