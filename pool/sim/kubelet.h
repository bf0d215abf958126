#ifndef CNIVPC_POOL_SIM_KUBELET_H_
#define CNIVPC_POOL_SIM_KUBELET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/sim/desk.h"
#include "pool/sim/dice.h"

namespace pool::sim {

class Node;

// The runtime of a node, and the plugins that it calls. It has slots for pods;
// in each, pods come and go for ever:
//
//   idle ──► starting ──► running ──► stopping ──► idle
//              │  ▲
//              ▼  │ ADD failed: DEL, and again with another sandbox
//            clearing
//
// A DEL is repeated until it succeeds.
class Kubelet {
 public:
  Kubelet(Node& node, Dice dice);

  // The node is on: pods may come.
  void Begin();
  // All pods are gone with the node.
  void PowerOff();

  // Pods that want an address and have none, since when the first does.
  int pending() const;
  absl::Time pending_since() const;
  int running() const;
  bool Runs(const base::Attachment& attachment) const;
  // The addresses of pods that run, and nothing else is going on.
  bool IsQuiet() const;

 private:
  enum class Stage { kIdle, kStarting, kRunning, kStopping, kClearing };
  struct Slot {
    Dice dice;
    Stage stage = Stage::kIdle;
    // Of what it waits for; events of an earlier number are void.
    uint64_t number = 0;
    int attempts = 0;
    base::Attachment attachment = {};
    std::optional<base::Ipv4> ip = {};
    absl::Time wanted_since = absl::InfiniteFuture();
  };
  using Step = void (Kubelet::*)(size_t);

  Slot& At(size_t index) { return slots_[index]; }
  void Next(size_t index, absl::Duration delay, Step step);
  void Rest(size_t index);
  void Arrive(size_t index);
  void Add(size_t index);
  void Ask(size_t index);
  void GiveUp(size_t index);
  void Submit(size_t index, absl::Duration started_at);
  void OnAnswer(size_t index, const absl::StatusOr<base::Ipv4>& answer);
  void MakeNetwork(size_t index);
  void Report(size_t index);
  void CheckRepeated(size_t index);
  void Fail(size_t index);
  void Stop(size_t index);
  void Delete(size_t index);
  void OnDeleted(size_t index);

  Node& node_;
  std::vector<Slot> slots_;
  std::vector<Connection> connections_;  // by slot, of the present plugin
  Connection last_connection_ = 0;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_KUBELET_H_
