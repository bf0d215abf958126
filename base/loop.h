#ifndef CNIVPC_BASE_LOOP_H_
#define CNIVPC_BASE_LOOP_H_

#include <event2/event.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/fd.h"

namespace base {

using Task = std::function<void()>;

// One thread's event loop (libevent). Everything but Post is for the loop's own
// thread. Timers and watches must be destroyed before their loop.
class Loop {
 public:
  static absl::StatusOr<std::unique_ptr<Loop>> Create();
  ~Loop();

  // Runs until Stop.
  void Run();
  void Stop();

  // Runs `task` on the loop's thread, soon, in the order of the posts. May be
  // called from any thread.
  void Post(Task task);

  // Borrowed, for libraries that need libevent's own handle.
  event_base* handle() const { return base_.get(); }

 private:
  struct FreeBase {
    void operator()(event_base* b) const { event_base_free(b); }
  };
  struct FreeEvent {
    void operator()(event* e) const { event_free(e); }
  };
  friend class Timer;
  friend class Watch;

  Loop(event_base* base, Fd wake) : base_(base), wake_(std::move(wake)) {}
  void RunPosted();

  std::unique_ptr<event_base, FreeBase> base_;
  Fd wake_;  // eventfd(2)
  std::unique_ptr<event, FreeEvent> wake_event_;
  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
};

// Calls back once, when its time has come. Set again to change the time.
class Timer {
 public:
  Timer(Loop& loop, Task on_time);
  void Set(absl::Duration delay);
  void Cancel();

 private:
  Task on_time_;
  std::unique_ptr<event, Loop::FreeEvent> event_;
};

// Calls back whenever a descriptor (borrowed) is readable, or a signal arrives.
class Watch {
 public:
  static std::unique_ptr<Watch> Readable(Loop& loop, int fd, Task on_readable);
  static std::unique_ptr<Watch> Signal(Loop& loop, int signal, Task on_signal);

 private:
  Watch(Loop& loop, int fd, short events, Task on_event);
  Task on_event_;
  std::unique_ptr<event, Loop::FreeEvent> event_;
};

// Threads that run blocking work. They own no state: work takes what it needs
// by value and posts its result back to a Loop. Each thread is made when it is
// first needed. The destructor finishes what was given, then joins.
class Workers {
 public:
  // At most so many threads.
  explicit Workers(int threads);
  ~Workers();

  void Run(Task work);

 private:
  void Work();
  void AddThread();

  const size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;            // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
  size_t idle_ = 0;                   // threads that wait, guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_ until it stops
};

}  // namespace base

#endif  // CNIVPC_BASE_LOOP_H_
