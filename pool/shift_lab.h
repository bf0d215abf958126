#ifndef CNIVPC_POOL_SHIFT_LAB_H_
#define CNIVPC_POOL_SHIFT_LAB_H_

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "pool/audit.h"
#include "pool/pool.h"
#include "pool/shift.h"
#include "pool/shift_borrower.h"
#include "pool/shift_lender.h"

// A few nodes that shift addresses, the VPC, and the network between them, on a
// virtual clock: for tests.
namespace pool {

// What becomes of each thing that can go wrong. One that is made of a seed asks
// chance; one that is made of a list of numbers follows it, and takes the first
// possibility, "all is well", when the list is over.
class Fate {
 public:
  virtual ~Fate() = default;
  // One of `count` possibilities.
  virtual int Choose(const char* what, int count) = 0;
  // A time up to `most`.
  virtual absl::Duration Delay(absl::Duration most) = 0;
};

class ShiftLab {
 public:
  struct Options {
    ShiftOptions shift;
    // What really is the case, whatever the options say.
    absl::Duration take_over_limit = absl::Seconds(30);
    absl::Duration latest_effect = absl::Seconds(65);
    absl::Duration lag = absl::Seconds(9);
    absl::Duration loss_hold = absl::Seconds(135);
  };
  ShiftLab(int nodes, const Options& options, Fate& fate);
  ~ShiftLab();

  // The VPC gives a node an address, which is warm at once.
  void Give(int node, base::Ipv4 ip);
  // The node wants addresses, from all others.
  void Want(int node, int count);
  // kill -9, and back after a while.
  void Crash(int node, absl::Duration away);
  // The same, and the store is gone.
  void LoseStore(int node, absl::Duration away);
  // The node's store dies at its Nth write from now (0: the next), before or
  // after it is done.
  void CrashAtCommit(int node, int nth, bool after, absl::Duration away);

  void RunFor(absl::Duration time);
  void At(absl::Duration delay, std::function<void()> event);
  // From now on nothing goes wrong.
  void Calm() { calm_ = true; }

  // "" or what is wrong: an address that is usable on a node that hasn't got
  // it, or that is about to lose it.
  std::string Violation() const { return violation_; }
  // "" or what is wrong when all is quiet: an open shift; an address that its
  // owner doesn't know.
  std::string Leftovers() const;
  // Addresses that a pod of the node could get, or has.
  std::set<base::Ipv4> UsableOn(int node) const;
  const std::vector<std::string>& trace() const { return trace_; }
  int effects() const { return effects_; }

 private:
  struct Node;
  using Event = std::function<void()>;

  int Choose(const char* what, int count);
  absl::Duration Delay(absl::Duration most);
  void Say(int node, std::string text);
  Moment Now() const;
  Node* Find(const std::string& name);

  void Boot(int node);
  void Rebuild(int node);
  void Schedule(int node);
  enum class Side { kLender, kBorrower };
  void Do(int node, Side side, const ShiftActions& actions);
  void DoOne(int node, Side side, const ShiftAction& action);
  void Lend(int node, const CallLend& call);
  void DeliverLend(int from, int to, const CallLend& call);
  void TakeOver(int node, const CallTakeOver& call);
  void Move(int to, const CallTakeOver& call);
  void Settle(int node, const CallSettle& call);
  void LookThrough(int node, Side side);
  void OnTimers(int node);
  void Admit(int node, base::Ipv4 ip);
  void Verify(int node);
  std::vector<base::Ipv4> Listed(int node, absl::Duration at) const;
  absl::Status Commit(int node, const Records& records);
  void Own(base::Ipv4 ip, int node);
  int OwnerOf(base::Ipv4 ip, absl::Duration at) const;
  void Later(int node, absl::Duration delay, Event event);
  void Check();

  const Options options_;
  Fate& fate_;
  std::mt19937_64 random_;  // of the borrowers
  bool calm_ = false;
  absl::Duration now_ = absl::Seconds(1000);
  std::multimap<absl::Duration, Event> queue_;
  std::vector<std::unique_ptr<Node>> nodes_;
  // Who had it since when; -1 nobody.
  std::map<base::Ipv4, std::map<absl::Duration, int>> owners_;
  // Moves on their way: from whom, if it is he who has it then.
  std::multimap<base::Ipv4, int> moving_;
  int effects_ = 0;
  std::string violation_;
  std::vector<std::string> trace_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_SHIFT_LAB_H_
