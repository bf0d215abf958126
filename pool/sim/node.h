#ifndef CNIVPC_POOL_SIM_NODE_H_
#define CNIVPC_POOL_SIM_NODE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/attachment.h"
#include "pool/pool.h"
#include "pool/sim/dice.h"
#include "pool/sim/host.h"
#include "pool/sim/kubelet.h"
#include "pool/sim/meter.h"
#include "pool/sim/process.h"
#include "pool/sim/world.h"

namespace pool::sim {

// A DEL that was carried out while ipamd didn't answer, for ipamd to hear of.
struct QueuedRelease {
  base::Attachment attachment;
  absl::Duration started_at;
  int boot = 0;
};

// A machine: its kernel, its runtime, its store, and ipamd, which dies and is
// started again.
class Node {
 public:
  Node(World& world, int id, Dice dice);

  // Starts ipamd and the pods.
  void PowerOn();

  int id() const { return id_; }
  World& world() { return world_; }
  const NodeTraits& traits() const { return world_.layout.node(id_); }
  Host& host() { return host_; }
  Kubelet& kubelet() { return kubelet_; }
  CallBudget& budget() { return budget_; }
  // nullptr while ipamd doesn't run.
  Process* process() { return process_.get(); }
  // nullptr while nobody can call ipamd from other nodes.
  Shifter* shifter() const;
  // Another one for each ipamd; what was begun in an earlier life ends with it.
  uint64_t life() const { return life_; }
  bool is_on() const { return is_on_; }

  // --- the store
  const Pool& pool() const { return *pool_; }
  bool needs_rebuild() const { return needs_rebuild_; }
  void MarkRebuilt();
  absl::Time verified_at() const { return verified_at_; }
  void SetVerifiedAt(absl::Time at) { verified_at_ = at; }
  // On an error nothing has changed, unless its writer is dead: then it may
  // have.
  enum class Writer { kDaemon, kPlugin };
  absl::Status Commit(Records records, Writer writer);
  // Leases of an earlier boot end; first of all, whoever opens the store.
  absl::Status EndEarlierBoot(Writer writer, absl::Time now);
  // ... and the steward has tried it again since it didn't.
  bool store_works() const {
    return world_.agenda.now() >= store_fails_until_ + 2 * Steward::kMinBackoff;
  }

  std::vector<QueuedRelease>& queue() { return queue_; }
  void Enqueue(const QueuedRelease& release);

  // Somebody sets the wall clock.
  void SetClock(Dice& dice);

  // ipamd dies here and now; perhaps more does. It starts again later.
  void Crash();

 private:
  void Start();
  void ScheduleStart(absl::Duration delay);
  void SufferMore();
  void Replay();
  void Reboot();

  World& world_;
  const int id_;
  Dice dice_;
  Host host_;
  Kubelet kubelet_;
  CallBudget budget_;
  std::unique_ptr<Pool> pool_;  // what is on the disk, and in memory
  bool needs_rebuild_ = true;
  absl::Time verified_at_ = absl::InfinitePast();
  absl::Time store_fails_until_ = absl::InfinitePast();
  int store_boot_ = 0;
  std::vector<QueuedRelease> queue_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Process> dead_process_;  // may still be on the stack
  uint64_t life_ = 0;
  bool is_on_ = true;
};

// `task`, unless ipamd has died by then.
template <typename Task>
auto WhileAlive(const Node& node, Task task) {
  return [&node, life = node.life(),
          task = std::move(task)](auto&&... args) mutable {
    if (node.life() == life) task(std::forward<decltype(args)>(args)...);
  };
}

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_NODE_H_
