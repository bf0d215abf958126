#ifndef CNIVPC_POOL_SIM_FAULTS_H_
#define CNIVPC_POOL_SIM_FAULTS_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/string_view.h"
#include "pool/sim/dice.h"

namespace pool::sim {

// What may go wrong.
enum class Fault {
  // A call to the VPC.
  kThrottled,   // refused, not done, told at once
  kRefused,     // refused for good, it seems: keys, rights
  kLostBefore,  // no answer, and not done
  kLostAfter,   // no answer, but done
  kLate,        // no answer, and done when its caller has long given up
  kSlow,        // takes most of its time-out
  kPartial,     // gives fewer than were asked for
  kShortList,   // a list that lacks what it should have
  kWrongMac,    // the answer tells of another interface
  // The VPC, behind the node's back.
  kVanish,  // an address isn't the node's any more
  kMove,    // ... but another node's
  kGift,    // the node is given one it didn't ask for
  // ipamd and its store.
  kCrashBeforeCommit,  // dies, and what it wanted to store isn't stored
  kCrashAfterCommit,   // dies when it is stored, before it knows
  kCrashBetween,       // dies between two things that it has decided to do
  kStoreFails,         // can't store anything for a while
  kStoreLost,          // the store is gone when it starts again
  kClockJump,          // the wall clock has been set when it starts again
  // Between nodes.
  kCallLost,      // never arrives
  kCallLate,      // arrives when its caller has long given up
  kCallRepeated,  // arrives again, later
  kAnswerLost,    // carried out, but nobody hears how
  kAnswerLate,    // heard late: its caller had no time
  kBusy,          // a call to the VPC is made later than was decided
  // The node.
  kReboot,
  kFlowsUnknown,  // conntrack can't be asked
  // The runtime and the plugin.
  kRequestLost,  // the plugin is killed before it has asked
  kReplyLost,    // ... before it knows the answer
  kPluginDies,   // ... with the pod's network half made
  kSlowPlugin,   // makes the pod's network slowly
  kDelayed,      // an ADD that arrives when the runtime has given it up
  kRepeated,     // an ADD or a DEL that comes twice
};
inline constexpr size_t kFaultKinds = static_cast<size_t>(Fault::kRepeated) + 1;

absl::string_view NameOf(Fault fault);
std::optional<Fault> FaultNamed(absl::string_view name);

// A fault that took place: of the node's occasions for it the n-th, from 0.
struct Strike {
  int node = 0;
  Fault fault = Fault::kThrottled;
  uint32_t n = 0;
  friend auto operator<=>(const Strike&, const Strike&) = default;
};

// Decides which occasions become faults: by chance, each by itself, or by a
// list. What comes of one doesn't depend on the others, so any may be left out.
class Faults {
 public:
  // `rate`: the part of occasions that become faults; the worst ones (crashes)
  // a tenth as often, or less.
  Faults(Dice dice, int nodes, double rate);
  // Only these.
  Faults(Dice dice, int nodes, std::set<Strike> only);

  // On an occasion: nullopt if all goes well, else what the fault's details are
  // to be drawn from.
  std::optional<Dice> Draw(int node, Fault fault);

  // None strikes from now on; and again.
  void Suspend() { suspended_ = true; }
  void Resume() { suspended_ = false; }

  const std::vector<Strike>& strikes() const { return strikes_; }
  std::array<uint64_t, kFaultKinds> counts() const;

 private:
  Dice DiceOf(const Strike& strike) const;

  const std::vector<Dice> dice_;  // by node
  const double rate_;
  const std::optional<std::set<Strike>> only_;
  bool suspended_ = false;
  std::vector<std::array<uint32_t, kFaultKinds>> occasions_;  // by node
  std::vector<Strike> strikes_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_FAULTS_H_
