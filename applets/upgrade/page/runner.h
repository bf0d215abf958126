#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_RUNNER_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_RUNNER_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/page/engine.h"
#include "base/loop.h"

namespace applets::upgrade::page {

// Carries one run at a time on, on a thread of its own; what it hears goes to
// the loop's thread. Lives on that. Its end interrupts the run, and waits for
// what is under way on nodes.
class Runner {
 public:
  struct Handlers {
    std::function<void(const Fleet&)> on_news;
    // It is over, or was interrupted, or can't go on.
    std::function<void(const absl::StatusOr<Fleet>&)> on_end;
  };
  // What to carry on, from what is on record. May block.
  using Decide =
      std::function<absl::StatusOr<Fleet>(std::optional<Fleet> left)>;
  using Begun = std::function<void(const absl::Status&)>;

  Runner(base::Loop& loop, const Engine& engine, Handlers handlers);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Not while it is busy. `begun` hears whether it has begun; if not there is
  // no on_end.
  void Go(Decide decide, Begun begun);
  // Nothing new is begun on a node; on_end when what is under way has ended.
  void Interrupt() { interrupted_ = true; }
  bool busy() const { return busy_; }

 private:
  void Work(const Decide& decide, const Begun& begun);
  absl::StatusOr<Fleet> Prepare(const Decide& decide);
  void Tell(const Fleet& fleet);
  void TakeNews();

  base::Loop& loop_;
  const Engine& engine_;
  const Handlers handlers_;
  bool busy_ = false;
  std::atomic<bool> interrupted_ = false;
  std::mutex mutex_;
  std::optional<Fleet> news_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_RUNNER_H_
