#ifndef CNIVPC_KUBE_FOLLOWER_H_
#define CNIVPC_KUBE_FOLLOWER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/client.h"
#include "kube/mirror.h"
#include "kube/watch.h"

namespace kube {

// Follows the objects of a query on a thread of its own, as Mirror says: one
// list and one watch at a time.
class Follower {
 public:
  // Something has changed: objects, in this order; or the status.
  struct Report {
    std::vector<Change> changes = {};
    // All objects that there were have been told by now.
    bool complete = false;
    // OK, or why we may be behind, for now.
    absl::Status status = {};
  };
  // Called on the follower's thread.
  using Tell = std::function<void(Report report)>;

  // `client` is the follower's own.
  Follower(std::unique_ptr<Client> client, Query query, Tell tell,
           MirrorOptions options = {});
  // Breaks off what is under way; no Tell afterwards.
  ~Follower();
  // Begins to: of several, none need be waited for before the next is told.
  void Stop();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

 private:
  void Run();
  std::vector<Change> List(const Mirror::Step& step);
  void WatchFrom(const Mirror::Step& step);
  void Say(std::vector<Change> changes);
  bool WaitUntil(absl::Time at);
  // Makes `watch` the one to stop; false if it is too late for a watch.
  bool Expose(Watch* watch);

  const std::unique_ptr<Client> client_;
  const Query query_;
  const Tell tell_;
  // The thread's own.
  absl::BitGen random_;
  Mirror mirror_;
  absl::Status told_status_;
  bool told_complete_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;   // guarded by mutex_
  Watch* watch_ = nullptr;  // guarded by mutex_; the thread's
  std::thread thread_;
};

}  // namespace kube

#endif  // CNIVPC_KUBE_FOLLOWER_H_
