#include "applets/upgrade/fleet_carry.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr absl::Duration kLookAround = absl::Milliseconds(250);

struct Heard {
  FleetTask task;
  FleetAnswer answer;
};

// Threads that do tasks and own nothing else. Its end waits for those under
// way; those that wait for a thread are dropped.
class Workers {
 public:
  explicit Workers(DoTask do_task) : do_task_(std::move(do_task)) {}
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      waiting_.clear();
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void Give(std::shared_ptr<const Fleet> fleet, const FleetTask& task) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(std::move(fleet), task);
    if (threads_.size() < waiting_.size() + working_ &&
        threads_.size() < kMaxAtOnce) {
      threads_.emplace_back([this] { Work(); });
    }
    work_.notify_one();
  }

  // What was heard; waits for something until `deadline`.
  std::vector<Heard> Hear(absl::Time deadline) {
    std::unique_lock lock(mutex_);
    heard_something_.wait_until(lock, absl::ToChronoTime(deadline),
                                [&] { return !heard_.empty(); });
    return std::exchange(heard_, {});
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      const auto [fleet, task] = std::move(waiting_.front());
      waiting_.pop_front();
      ++working_;
      lock.unlock();
      FleetAnswer answer = do_task_(*fleet, task);
      lock.lock();
      --working_;
      heard_.push_back({task, std::move(answer)});
      heard_something_.notify_one();
    }
  }

  DoTask do_task_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable work_;
  std::condition_variable heard_something_;
  std::deque<std::pair<std::shared_ptr<const Fleet>, FleetTask>> waiting_;
  std::vector<Heard> heard_;
  std::vector<std::thread> threads_;
  size_t working_ = 0;
  bool ending_ = false;
};

absl::Status Save(const Carrier& carrier, const Fleet& fleet) {
  return carrier.save ? carrier.save(fleet) : SaveFleet(carrier.record, fleet);
}

// One run under way.
class Carriage {
 public:
  Carriage(Fleet fleet, const Carrier& carrier)
      : fleet_(std::move(fleet)),
        carrier_(carrier),
        workers_(carrier.do_task) {}

  absl::StatusOr<Fleet> Go() {
    while (true) {
      if (carrier_.beat) RETURN_IF_ERROR(carrier_.beat(fleet_));
      RETURN_IF_ERROR(Ask());
      carrier_.tell(fleet_);
      if (fleet_.over()) break;
      if (interrupted_ && at_work_ == 0) break;
      Listen();
    }
    RETURN_IF_ERROR(Save(carrier_, fleet_));
    return std::move(fleet_);
  }

 private:
  // An interrupted upgrader asks nothing more, so it isn't even decided.
  absl::Status Ask() {
    interrupted_ = interrupted_ || carrier_.interrupted();
    if (interrupted_) return absl::OkStatus();
    const FleetPhase phase = fleet_.phase;
    const std::vector<FleetTask> tasks = Proceed(fleet_, absl::Now());
    if (MustRecord(tasks) || fleet_.phase != phase) {
      RETURN_IF_ERROR(Save(carrier_, fleet_));
    }
    if (tasks.empty()) return absl::OkStatus();
    const auto now = std::make_shared<const Fleet>(fleet_);
    for (const FleetTask& task : tasks) workers_.Give(now, task);
    at_work_ += tasks.size();
    return absl::OkStatus();
  }

  void Listen() {
    const absl::Time now = absl::Now();
    absl::Time until = now + kLookAround;
    if (!interrupted_) until = std::min(until, NextCall(fleet_, now));
    Take(workers_.Hear(until));
    // Others may come at about the same time.
    if (at_work_ > kMaxAtOnce / 2) absl::SleepFor(kFleetGather);
    Take(workers_.Hear(absl::InfinitePast()));
  }

  void Take(const std::vector<Heard>& heard) {
    at_work_ -= heard.size();
    for (const Heard& one : heard) {
      // What an interrupted upgrader wasn't told the next one asks for.
      const bool none = one.answer.kind == FleetAnswer::Kind::kNothing;
      if (interrupted_ && none) continue;
      Hear(fleet_, one.task, one.answer, absl::Now());
    }
  }

  Fleet fleet_;
  const Carrier& carrier_;
  size_t at_work_ = 0;
  bool interrupted_ = false;
  Workers workers_;
};

}  // namespace

absl::StatusOr<Fleet> CarryFleet(Fleet fleet, const Carrier& carrier) {
  RETURN_IF_ERROR(Save(carrier, fleet));
  return Carriage(std::move(fleet), carrier).Go();
}

absl::StatusOr<std::optional<Fleet>> LoadFleet(const std::string& path) {
  const auto text = base::ReadFile(path, kMaxFleetBytes);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  RETURN_IF_ERROR(text.status());
  auto fleet = ParseFleet(*text);
  if (!fleet.ok()) return base::Annotate(fleet.status(), path);
  return *std::move(fleet);
}

absl::Status SaveFleet(const std::string& path, const Fleet& fleet) {
  const size_t slash = path.rfind('/');
  RETURN_IF_ERROR(base::MakeDirectories(path.substr(0, slash), 0700));
  return base::Annotate(
      base::WriteFileAtomically(path, absl::StrCat(ToJson(fleet), "\n")),
      "the record of the fleet can't be written");
}

}  // namespace applets::upgrade
