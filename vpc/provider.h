#ifndef CNIVPC_VPC_PROVIDER_H_
#define CNIVPC_VPC_PROVIDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"

namespace vpc {

// A subnet that a node takes addresses from.
struct Subnet {
  std::string id;  // the VPC's name for it
  base::Ipv4Prefix prefix;
  int available = 0;  // addresses that nobody has
};

// What a call is for: who waits for the budget goes first by it.
enum class Priority { kPod, kFill, kVerify, kRelease };

// Provider::TakeOver sends nothing to the VPC later than this after it was
// called.
inline constexpr absl::Duration kTakeOverLimit = absl::Seconds(30);

// An address of another interface, of a node that may not exist any more.
struct Holding {
  base::Ipv4 address;
  base::Mac mac;
  std::string subnet;
  std::string vpc;   // "" for this node's own
  std::string zone;  // "" for this node's own
};

// Calls of one action that ended with one outcome.
struct Calls {
  uint64_t count = 0;
  absl::Duration took;  // of all of them together, without waiting
};

// What a provider has cost so far, and how the VPC is doing.
struct Usage {
  // By the action's name and how it ended: "0" or the VPC's error code, or
  // "timeout", "reset", "unreachable" when there was no answer.
  std::map<std::pair<std::string, std::string>, Calls> calls;
  absl::Duration waited;       // for the budget, all calls together
  double rate_per_second = 0;  // what the budget allows at present; 0: no limit
  std::string circuit =
      "closed";            // or "open", "half-open": the breaker's state
  std::string last_error;  // of the last call that failed; "" if none did
};

// Where addresses come from: one interface of this node in one subnet of a
// cloud's VPC, or of the embedded one. Calls block, for seconds if need be, so
// ipamd makes them on worker threads; they may come from several at once.
//
// A call that fails with DEADLINE_EXCEEDED or UNAVAILABLE has an unknown
// outcome: only List tells, and not at once, for a cloud's reads lag behind.
// ABORTED: it certainly hasn't been done, but may be when tried again later;
// the VPC asks for fewer calls, or isn't asked at all while it is down. Other
// errors are refusals.
class Provider {
 public:
  virtual ~Provider() = default;

  // Gives this node up to `count` more addresses: fewer when the subnet has no
  // more, or one call of the cloud's gives no more; RESOURCE_EXHAUSTED when
  // there is none.
  virtual absl::StatusOr<std::vector<base::Ipv4>> Allocate(
      int count, Priority priority) = 0;

  // Takes that very address for this node, because a pod has it. OK when it is
  // this node's already; ALREADY_EXISTS when it is another's.
  virtual absl::Status Claim(base::Ipv4 address) = 0;

  // Takes an address over from the interface with the MAC `from`, which must
  // have it: NOT_FOUND when it hasn't. OK when it is this node's already. See
  // kTakeOverLimit.
  virtual absl::Status TakeOver(base::Ipv4 address, const base::Mac& from) = 0;

  // Gives one back. OK when it wasn't this node's any more, so it may be
  // repeated.
  virtual absl::Status Release(base::Ipv4 address) = 0;

  // Gives back what another interface has, for its node. OK when it hasn't got
  // it, or doesn't exist.
  virtual absl::Status ReleaseFor(const Holding& holding) = 0;

  // All the addresses that are this node's.
  virtual absl::StatusOr<std::vector<base::Ipv4>> List() = 0;

  virtual absl::StatusOr<Subnet> Describe() = 0;

  // Doesn't block.
  virtual Usage usage() const = 0;
};

}  // namespace vpc

#endif  // CNIVPC_VPC_PROVIDER_H_
