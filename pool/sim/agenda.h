#ifndef CNIVPC_POOL_SIM_AGENDA_H_
#define CNIVPC_POOL_SIM_AGENDA_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace pool::sim {

// The virtual clock, and what is to happen when. What is due at the same time
// happens in the order in which it was entered.
class Agenda {
 public:
  using Task = absl::AnyInvocable<void()>;

  explicit Agenda(absl::Time start) : now_(start), start_(start) {}

  absl::Time now() const { return now_; }
  absl::Duration elapsed() const { return now_ - start_; }

  // What is past is due now.
  void At(absl::Time time, Task task);
  void After(absl::Duration delay, Task task) {
    At(now_ + delay, std::move(task));
  }

  // Does what is due until then, in order, unless it is stopped.
  void RunUntil(absl::Time until);
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  // How much has happened.
  uint64_t events() const { return events_; }

 private:
  // Of the heap, which is as wide as a line of the cache allows.
  static constexpr size_t kChildren = 4;

  // The heap holds these, for they move cheaply; `slot` is the task's place.
  struct Entry {
    int64_t nanos;
    uint64_t order;
    uint32_t slot;
    bool operator>(const Entry& other) const {
      return nanos != other.nanos ? nanos > other.nanos : order > other.order;
    }
  };

  void Push(const Entry& entry);
  Entry Pop();

  absl::Time now_;
  const absl::Time start_;
  bool stopped_ = false;
  uint64_t entered_ = 0;
  uint64_t events_ = 0;
  std::vector<Entry> heap_;
  std::vector<Task> tasks_;
  std::vector<uint32_t> free_slots_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_AGENDA_H_
