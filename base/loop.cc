#include "base/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace base {
namespace {

void RunTask(evutil_socket_t, short, void* task) {
  (*static_cast<Task*>(task))();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create() {
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoStatus("eventfd");
  event_base* handle = event_base_new();
  if (handle == nullptr) return absl::InternalError("event_base_new failed");
  std::unique_ptr<Loop> loop(new Loop(handle, std::move(wake)));
  loop->wake_event_.reset(event_new(
      handle, loop->wake_.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* self) {
        static_cast<Loop*>(self)->RunPosted();
      },
      loop.get()));
  event_add(loop->wake_event_.get(), nullptr);
  return loop;
}

Loop::~Loop() { wake_event_.reset(); }

void Loop::Run() { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); }

void Loop::Stop() { event_base_loopbreak(base_.get()); }

void Loop::Post(Task task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof(one));
}

void Loop::RunPosted() {
  uint64_t count;
  [[maybe_unused]] const ssize_t n = read(wake_.get(), &count, sizeof(count));
  std::vector<Task> tasks;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
}

Timer::Timer(Loop& loop, Task on_time)
    : on_time_(std::move(on_time)),
      event_(event_new(loop.handle(), -1, 0, RunTask, &on_time_)) {}

void Timer::Set(absl::Duration delay) {
  const timeval tv = absl::ToTimeval(std::max(delay, absl::ZeroDuration()));
  event_add(event_.get(), &tv);
}

void Timer::Cancel() { event_del(event_.get()); }

Watch::Watch(Loop& loop, int fd, short events, Task on_event)
    : on_event_(std::move(on_event)),
      event_(event_new(loop.handle(), fd,
                       static_cast<short>(events | EV_PERSIST), RunTask,
                       &on_event_)) {
  event_add(event_.get(), nullptr);
}

std::unique_ptr<Watch> Watch::Readable(Loop& loop, int fd, Task on_readable) {
  return std::unique_ptr<Watch>(
      new Watch(loop, fd, EV_READ, std::move(on_readable)));
}

std::unique_ptr<Watch> Watch::Signal(Loop& loop, int signal, Task on_signal) {
  return std::unique_ptr<Watch>(
      new Watch(loop, signal, EV_SIGNAL, std::move(on_signal)));
}

Workers::Workers(int threads) : max_threads_(threads) {}

Workers::~Workers() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::Run(Task work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(work));
    if (queue_.size() > idle_ && threads_.size() < max_threads_) AddThread();
  }
  wake_.notify_one();
}

// Without one more the others do the work, unless there is none yet.
void Workers::AddThread() {
  try {
    threads_.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
}

void Workers::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    const Task work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace base
