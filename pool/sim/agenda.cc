#include "pool/sim/agenda.h"

#include <algorithm>
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
  Push({absl::ToInt64Nanoseconds(delay), entered_++, slot});
}

void Agenda::Push(const Entry& entry) {
  size_t place = heap_.size();
  heap_.push_back(entry);
  while (place > 0) {
    const size_t parent = (place - 1) / kChildren;
    if (!(heap_[parent] > entry)) break;
    heap_[place] = heap_[parent];
    place = parent;
  }
  heap_[place] = entry;
}

Agenda::Entry Agenda::Pop() {
  const Entry first = heap_.front();
  const Entry last = heap_.back();
  heap_.pop_back();
  const size_t size = heap_.size();
  size_t place = 0;
  while (place * kChildren + 1 < size) {
    const size_t begin = place * kChildren + 1;
    const size_t end = std::min(begin + kChildren, size);
    size_t least = begin;
    for (size_t child = begin + 1; child < end; ++child) {
      if (heap_[least] > heap_[child]) least = child;
    }
    if (!(last > heap_[least])) break;
    heap_[place] = heap_[least];
    place = least;
  }
  if (size > 0) heap_[place] = last;
  return first;
}

void Agenda::RunUntil(absl::Time until) {
  const int64_t end = absl::ToInt64Nanoseconds(until - start_);
  while (!stopped_ && !heap_.empty() && heap_.front().nanos <= end) {
    const Entry entry = Pop();
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
