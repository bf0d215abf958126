#ifndef CNIVPC_POOL_SIM_SHIFTER_H_
#define CNIVPC_POOL_SIM_SHIFTER_H_

#include <deque>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pool/shift.h"
#include "pool/shift_borrower.h"
#include "pool/shift_lender.h"
#include "pool/sim/dice.h"
#include "pool/sim/world.h"

namespace pool::sim {

class Node;
class Process;

// Does what pool::Borrower and pool::Lender decide, as applets/ipamd/shifter.h
// does. Lives and dies with its process.
class Shifter {
 public:
  Shifter(Node& node, Process& process, Dice dice);

  void Start();
  // The steward's.
  void Borrow(int count);

 private:
  enum class Side { kLender, kBorrower };
  struct Performer;
  // nullptr: no answer. Otherwise what the other node said, or that it doesn't
  // listen.
  template <typename Reply>
  using Answer = absl::AnyInvocable<void(const Reply*)>;
  // What the other node does.
  template <typename Reply>
  using Service = absl::AnyInvocable<Reply(Shifter&)>;

  Moment Now() const;
  absl::Status Commit(const Records& records);
  void Do(Side side, ShiftActions actions);
  void Arm();

  template <typename Reply>
  void Call(const std::string& peer, Service<Reply> service,
            Answer<Reply> answer);
  void Ask(const AskSpare& ask);
  void Lend(const CallLend& call);
  void Settle(const CallSettle& call);
  void TakeOver(const CallTakeOver& call);
  void Send(const CallTakeOver& call);
  void LookThrough(Side side);

  Node& node_;
  Process& process_;
  World& world_;
  Dice dice_;
  const ShiftOptions options_;
  Lender lender_;
  Borrower borrower_;
  std::deque<std::pair<Side, ShiftAction>> to_do_;
  bool doing_ = false;
  bool changed_ = false;  // the pool, since the steward was last told
  absl::Time alarm_ = absl::InfiniteFuture();
};

// A node's name for its peers, and the MAC of its interface.
std::string NameOfNode(int id);
int NodeNamed(const std::string& name);
base::Mac MacOfNode(int id);
int NodeOfMac(const base::Mac& mac);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_SHIFTER_H_
