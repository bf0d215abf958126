#ifndef CNIVPC_POOL_RECORD_H_
#define CNIVPC_POOL_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/address.h"
#include "base/attachment.h"

// What the pool remembers, and how it changes.
//
//            allocate          probed                 ADD
//   (cloud) ─────────► fresh ────────► warm ────────────────► leased
//                        │              ▲                       │ DEL / GC
//               conflict ▼              └──────── cooling ◄─────┘
//                   quarantined
//   warm, quarantined ──► releasing ──► (cloud)
//   warm, cooling ◄──► popped ──► releasing, by an operator's hand
//   warm ──► leaving ──► (another node: arriving ──► fresh)
//   warm ──► fixed ◄──► leased, for one pod; fixed ──► releasing;
//            (another node: arriving ──► fixed)
//
// A change is a list of records. A record says what a row is from now on, not
// how it changed, so applying one twice does no harm: the store and the pool in
// memory apply the same records, and a restart is a replay.
namespace pool {

enum class State {
  kFresh,
  kWarm,
  kLeased,
  kCooling,
  kQuarantined,
  kReleasing,
  kPopped,
  kLeaving,   // promised to another node, which may have it by now
  kArriving,  // promised by another node, and may be ours by now
  kFixed,     // kept for a pod that is away: see Address::tenant
};

// How far an attachment's network is: leased but not yet reported as set up;
// set up; being taken down.
enum class Phase { kAttaching, kAttached, kDetaching };

// An attachment's hold on an address.
struct Lease {
  base::Attachment attachment;
  base::Pod pod;
  std::string netns;        // path that the runtime gave
  std::string host_ifname;  // of the host's end of the pair
  Phase phase = Phase::kAttaching;
  absl::Time granted_at;
  absl::Duration started_at;  // of the ADD, CLOCK_BOOTTIME

  friend bool operator==(const Lease&, const Lease&) = default;
};

// The pod that an address is fixed to, and nobody else gets: the claim that
// says so has the pod's name and namespace, which outlive the pod.
struct Tenant {
  std::string name_space;
  std::string name;
  // The claim's; "" while it is about to be made.
  std::string claim_uid = {};

  bool IsFor(const base::Pod& pod) const {
    return name_space == pod.ns && name == pod.name;
  }
  friend bool operator==(const Tenant&, const Tenant&) = default;
};

// An address that the VPC counts as this node's.
struct Address {
  base::Ipv4 ip;
  std::string subnet;
  State state = State::kFresh;
  absl::Time since = {};  // in this state
  // kCooling: when it is over. kQuarantined: when it is to be given back, if
  // somebody else had it when it was probed; InfiniteFuture if another plugin's
  // pod on this node uses it. kPopped: when its cooldown would have been over.
  absl::Time until = absl::InfiniteFuture();
  uint64_t recycled = 0;            // how often it came back from a pod
  std::optional<Lease> lease = {};  // kLeased only
  // kFixed always; kLeased and kQuarantined if it is fixed again afterwards.
  std::optional<Tenant> tenant = {};

  friend bool operator==(const Address&, const Address&) = default;
};

// Whether a shift has it: such a row comes and goes with the shift's intent.
bool IsShifting(State state);

// `row` in another state from `now` on, without a lease; and so cooling, or
// fixed if it has a tenant.
Address In(State state, Address row, absl::Time now);
Address Cooling(Address row, absl::Time now, absl::Duration cooldown);

// An attachment that a DEL ended: an ADD that began before is refused.
struct Tombstone {
  base::Attachment attachment;
  absl::Duration buried_at;  // when the DEL began, CLOCK_BOOTTIME
  absl::Time expires;

  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

// A call to the VPC, or to another node, that was about to be made. One that is
// still open after a restart has an unknown outcome, and is resolved by asking
// the VPC.
struct Intent {
  enum class Kind { kAllocate, kRelease, kLend, kBorrow, kFix };
  int64_t id = 0;  // of a shift, below zero
  Kind kind = Kind::kAllocate;
  std::string subnet = {};
  int count = 0;  // kAllocate
  // kRelease: those to give back. kLend: the one that is lent. kBorrow: the one
  // that is borrowed, once the other node has named it. kFix: the one that is
  // taken over for its tenant.
  std::vector<base::Ipv4> addresses = {};
  absl::Time opened_at = {};
  // kLend, kBorrow: the shift's own. kFix: KeyOf(tenant).
  std::string key = {};
  std::string peer = {};  // kLend, kBorrow: the other node

  // An address moves between nodes.
  bool is_shift() const {
    return kind == Kind::kLend || kind == Kind::kBorrow || kind == Kind::kFix;
  }

  friend bool operator==(const Intent&, const Intent&) = default;
};

// "NAMESPACE/NAME/UID", and back.
std::string KeyOf(const Tenant& tenant);
std::optional<Tenant> TenantOf(absl::string_view key);

// The records: rows put (added or replaced) and dropped.
struct PutAddress {
  Address row;
};
struct DropAddress {
  base::Ipv4 ip;
};
struct PutTombstone {
  Tombstone row;
};
struct DropTombstone {
  base::Attachment attachment;
};
struct OpenIntent {
  Intent row;
};
struct CloseIntent {
  int64_t id;
};
using Record = std::variant<PutAddress, DropAddress, PutTombstone,
                            DropTombstone, OpenIntent, CloseIntent>;
using Records = std::vector<Record>;

// Names as they stand in the store and in the API: "warm", "attached".
absl::string_view NameOf(State state);
absl::Span<const State> AllStates();
absl::string_view NameOf(Phase phase);
std::optional<State> StateNamed(absl::string_view name);
std::optional<Phase> PhaseNamed(absl::string_view name);

}  // namespace pool

#endif  // CNIVPC_POOL_RECORD_H_
