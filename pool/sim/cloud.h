#ifndef CNIVPC_POOL_SIM_CLOUD_H_
#define CNIVPC_POOL_SIM_CLOUD_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/sim/agenda.h"
#include "pool/sim/dice.h"
#include "pool/sim/faults.h"
#include "pool/sim/layout.h"
#include "pool/sim/table.h"
#include "pool/sim/trace.h"

namespace pool::sim {

// Why an address has another owner.
enum class Cause {
  kAllocated,
  kClaimed,
  kReleased,
  kReturned,  // given to the wrong interface, as the VPC said
  kMoved,
  kOutOfBand,
};

// The VPC: what vpc::Provider's calls do, with all that can go wrong. Each call
// answers once, later; a caller that has died doesn't hear it, but what it
// asked for is done all the same. What the pool counts on, and so is kept to:
//
//   - reads are old, Table::kMaxLag at most; writes see the truth
//   - a call without an answer has failed with DEADLINE_EXCEEDED or UNAVAILABLE
//     after kPatience at the latest; it is done, if at all, kMaxLateness after
//     it was sent last, at the latest, and isn't sent any more when it has
//     failed or its caller is dead. Nothing else that fails is done
//   - nothing is sent to the VPC later than kTakeOverLimit after TakeOver
//   - releasing what isn't the node's succeeds; claiming and taking over what
//     is, too
class Cloud {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(60);
  static constexpr absl::Duration kMaxLateness = absl::Seconds(60);
  static constexpr absl::Duration kTakeOverLimit = absl::Seconds(30);
  // Addresses of one node.
  static constexpr size_t kQuota = 256;

  template <typename Result>
  using Answer = absl::AnyInvocable<void(Result)>;
  using Ips = absl::StatusOr<std::vector<base::Ipv4>>;
  // Told of each change: the address, its owner before and now.
  using Watcher = std::function<void(base::Ipv4 ip, int from, int to, Cause)>;

  struct Parts {
    Agenda& agenda;
    Faults& faults;
    Trace& trace;
    const Layout& layout;
    // Which of its lives a node's ipamd lives: the dead send nothing more.
    std::function<uint64_t(int node)> life;
  };
  Cloud(Parts parts, Dice dice, Watcher watcher);

  void Allocate(int node, int count, Answer<Ips> answer);
  void Claim(int node, base::Ipv4 ip, Answer<absl::Status> answer);
  void Release(int node, base::Ipv4 ip, Answer<absl::Status> answer);
  void List(int node, Answer<Ips> answer);
  struct Move {
    int to = kNobody;
    base::Ipv4 ip;
    int from = kNobody;
  };
  void TakeOver(const Move& move, Answer<absl::Status> answer);

  const Table& table() const { return table_; }
  // A stranger uses the address, which the VPC doesn't know.
  bool IsSquatted(base::Ipv4 ip) const {
    return squatted_[Layout::IndexOf(ip)];
  }

 private:
  // How a call goes: when it is done, if it is, and when and what its caller
  // hears; nullopt: the outcome.
  struct Course {
    bool is_done = true;
    absl::Duration done_after;
    absl::Duration answer_after;
    std::optional<absl::Status> error = {};
    absl::Duration sent_after = {};
  };
  Course DrawCourse(int node, absl::Duration patience);
  std::optional<Course> DrawTrouble(int node, absl::Duration patience);
  template <typename Result>
  void Perform(int node, absl::Duration patience,
               absl::AnyInvocable<Result()> effect, Answer<Result> answer);
  Ips Give(int node, int count);
  absl::Status GiveThat(int node, base::Ipv4 ip);
  absl::Status TakeBack(int node, base::Ipv4 ip);
  absl::Status GiveTo(const Move& move);
  Ips GiveToSomeMac(int node, int count);
  Ips Look(int node);
  void Meddle(int node);
  void SetOwner(base::Ipv4 ip, int node, Cause cause);

  Parts parts_;
  std::vector<Dice> dice_;  // by node
  const Watcher watcher_;
  Table table_;
  std::vector<bool> squatted_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_CLOUD_H_
