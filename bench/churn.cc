#include "bench/churn.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/json.h"
#include "base/status.h"

namespace bench {
namespace {

// A pod needs a thread as long as it lives.
constexpr int kMaxThreads = 512;
constexpr absl::Duration kPauseAfterFailure = absl::Seconds(1);

// Who has which address now, and what went wrong so far.
class Census {
 public:
  void Write(const std::string& name, const char* verb, const Ended& ended) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::printf("%s\t%s\t%.1f\t%d\n", name.c_str(), verb,
                absl::ToDoubleMicroseconds(ended.took), ended.exit_status);
  }
  void Arrive(const std::string& address, const std::string& pod) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [it, alone] = alive_.emplace(address, pod);
    if (!alone) {
      FailLocked(
          absl::StrCat(pod, " has ", address, ", and so has ", it->second));
    }
  }
  void Leave(const std::string& address) {
    const std::lock_guard<std::mutex> lock(mutex_);
    alive_.erase(address);
  }
  void Fail(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    FailLocked(what);
  }
  absl::Status status() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return status_;
  }

 private:
  void FailLocked(const std::string& what) {
    std::fprintf(stderr, "churn: %s\n", what.c_str());
    status_.Update(absl::FailedPreconditionError(what));
  }

  std::mutex mutex_;
  std::map<std::string, std::string> alive_;  // by address; guarded by mutex_
  absl::Status status_;                       // the first; guarded by mutex_
};

absl::StatusOr<std::string> AddressIn(const std::string& result) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(result));
  ASSIGN_OR_RETURN(const auto ips, json.Array("ips"));
  if (ips.empty()) return absl::NotFoundError("ips: empty");
  return ips[0].String("address");
}

class Life {
 public:
  Life(const Contender& contender, Census& census, std::string name)
      : contender_(contender), census_(census), name_(std::move(name)) {}

  // Until it is over; errors are the machine's, not the plugin's.
  absl::Status Live(absl::Duration life) {
    for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
      Pod pod{absl::StrCat(name_, "-", attempt), ""};
      RETURN_IF_ERROR(MakeNetns(pod));
      ASSIGN_OR_RETURN(const Ended added, Call("ADD", pod));
      const bool alive = added.exit_status == 0;
      std::string address;
      if (alive) {
        pod.result = added.output;
        ASSIGN_OR_RETURN(address, AddressIn(pod.result));
        census_.Arrive(address, pod.name);
        absl::SleepFor(life);
        census_.Leave(address);
      }
      ASSIGN_OR_RETURN(const Ended deleted, Call("DEL", pod));
      if (deleted.exit_status != 0) {
        census_.Fail(absl::StrCat("DEL ", pod.name, ": ", deleted.output));
      }
      RETURN_IF_ERROR(RemoveNetns(pod));
      if (alive) return absl::OkStatus();
      absl::SleepFor(kPauseAfterFailure);
    }
    census_.Fail(absl::StrCat(name_, " never got an address"));
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Ended> Call(const char* verb, const Pod& pod) {
    ASSIGN_OR_RETURN(Ended ended, RunAlone(CallOf(contender_, verb, pod)));
    census_.Write(contender_.name, verb, ended);
    return ended;
  }

  const Contender& contender_;
  Census& census_;
  const std::string name_;
};

}  // namespace

absl::Status Churn(const Contender& contender, const ChurnOptions& options) {
  const int pods = static_cast<int>(std::ceil(
      options.pods_per_second * absl::ToDoubleSeconds(options.duration)));
  const int threads_wanted = std::min(pods, kMaxThreads);
  Census census;
  std::atomic<int> next = 0;
  const absl::Time begin = absl::Now();
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_wanted; ++i) {
    threads.emplace_back([&] {
      for (int pod = next++; pod < pods; pod = next++) {
        std::mt19937_64 random(options.seed + pod);
        const double share = std::uniform_real_distribution(0.5, 1.5)(random);
        absl::SleepFor(begin + absl::Seconds(pod / options.pods_per_second) -
                       absl::Now());
        const absl::Status status =
            Life(contender, census, absl::StrCat("churn-", pod))
                .Live(options.life * share);
        if (!status.ok()) census.Fail(std::string(status.message()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return census.status();
}

}  // namespace bench
