#ifndef CNIVPC_POOL_SIM_PROCESS_H_
#define CNIVPC_POOL_SIM_PROCESS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/sim/desk.h"
#include "pool/sim/dice.h"
#include "pool/sim/shifter.h"
#include "pool/sim/world.h"
#include "pool/steward.h"

namespace pool::sim {

class Node;

// One life of ipamd: a steward, and who does what it decides (as
// applets/ipamd/keeper.h does); a desk, and what puts right what the last life
// left (the sweep, the queue).
class Process {
 public:
  Process(Node& node, Dice dice);

  void Start();
  // Nothing more comes of it. It may be on the stack and is destroyed later.
  void Die();
  bool is_dead() const { return is_dead_; }
  // Of its own clock.
  absl::Duration clock_error() const { return clock_error_; }

  Desk& desk() { return desk_; }
  Shifter& shifter() { return shifter_; }
  const Steward& steward() const { return steward_; }
  // The wall clock's time at the start, and what has passed since: it is never
  // set.
  absl::Time now() const;
  // Stores; it may be the end.
  absl::Status Record(const Records& records);
  // The pool or who waits has changed.
  void Kick();
  // Leases that nobody looks after are looked at, before long.
  void RequestSweep();
  // So are releases in the queue.
  void RequestDrain();
  // What the shifter tells the steward.
  void OnBorrowed(const absl::StatusOr<std::vector<base::Ipv4>>& came);
  void OnKeptBack(base::Ipv4 ip);
  // A call to the VPC, of those in `total`.
  void Count(uint64_t& total, absl::string_view call);
  void Write(const Note& note);

 private:
  struct Performer;

  void Do(Actions actions);
  void Arm();
  void OnAlarm();

  void Allocate(const CallAllocate& call);
  void Release(const CallRelease& call);
  void Claim(const CallClaim& call);
  void List();
  void OnListed(absl::Time asked_at, const Cloud::Ips& ips,
                const std::vector<User>& users);
  void Probe(base::Ipv4 ip);
  void EndProbe(base::Ipv4 ip, uint64_t number);
  void CancelProbe(base::Ipv4 ip);
  void Look(const LookAtFlows& look);

  void Sweep();
  void DrainQueue();

  Node& node_;
  World& world_;
  Dice dice_;
  const absl::Duration clock_error_;
  bool is_dead_ = false;
  Steward steward_;
  Desk desk_;
  Shifter shifter_;
  std::deque<Action> to_do_;
  bool doing_ = false;
  absl::Time alarm_ = absl::InfiniteFuture();
  bool sweep_requested_ = false;
  bool drain_requested_ = false;
  std::map<base::Ipv4, uint64_t> probes_;  // which is the present one
  uint64_t last_probe_ = 0;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_PROCESS_H_
