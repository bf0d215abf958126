#ifndef CNIVPC_APPLETS_VPCSIM_ACTIONS_H_
#define CNIVPC_APPLETS_VPCSIM_ACTIONS_H_

#include <map>
#include <string>

#include "absl/random/bit_gen_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {

// A call as the wire gave it, its parameters flattened as in form encoding:
// "Ip.0", "PrioritySecGroup.0.SecGroupId".
struct Call {
  std::string action = {};
  std::map<std::string, std::string> params = {};
};

// How a fault bends a call on its way through the cloud (fault.h).
struct Bend {
  // Reads see the cloud as it was so long ago (History::kMaxAge at most).
  absl::Duration lag = absl::ZeroDuration();
  // Of a batch, the share of items that fail.
  double failing = 0;
  // The answer names the MAC of another interface.
  bool wrong_mac = false;
};

// Performs, at `now`, a call whose sender has been authenticated, and returns
// the whole answer: {"Action":"XResponse","RetCode":0,...}.
std::string Perform(World& world, const Call& call, const Bend& bend,
                    absl::BitGenRef random, absl::Time now);

// Whether the cloud knows the action (161 otherwise).
bool IsAction(absl::string_view action);
// Actions that change nothing.
bool IsRead(absl::string_view action);

// The answer of a call that is refused.
std::string AnswerOf(absl::string_view action, const Refusal& refusal);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_ACTIONS_H_
