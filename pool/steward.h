#ifndef CNIVPC_POOL_STEWARD_H_
#define CNIVPC_POOL_STEWARD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/audit.h"
#include "pool/pool.h"
#include "pool/reason.h"
#include "pool/recovery.h"
#include "pool/watermark.h"

namespace pool {

// What the steward wants done. Whoever does it tells the outcome by the event
// that is named; a call that is never answered blocks its kind for ever.

// Asks the VPC for `intent.count` addresses → OnAllocated.
struct CallAllocate {
  Intent intent;
  bool for_pod = false;  // an ADD waits for it
};
// Gives one address back → OnReleased.
struct CallRelease {
  int64_t intent_id = 0;
  base::Ipv4 ip;
};
// Asks the VPC for that very address, which it ought to count as ours anyway
// → OnClaimed.
struct CallClaim {
  base::Ipv4 ip;
  bool for_pod = false;
};
// Lists what the VPC counts as ours, and who uses it on this node → OnListed.
struct CallList {
  bool for_pod = false;
};
// Looks for somebody else who uses the address → OnAdmitted, OnConflict.
struct StartProbe {
  base::Ipv4 ip;
};
struct StopProbe {
  base::Ipv4 ip;
};
// Which of these addresses have connections (conntrack)? → OnFlows.
struct LookAtFlows {
  std::vector<base::Ipv4> ips;
};
// Gets up to `count` addresses from other nodes of the subnet → OnBorrowed.
struct Borrow {
  int count = 0;
};
// For the journal. `ip` may be missing, `until` be InfinitePast().
struct Note {
  Reason reason = Reason::kWarm;
  std::optional<base::Ipv4> ip = {};
  std::string text = {};
  absl::Time until = absl::InfinitePast();
};
// ADDs that wait are to be looked at: there are warm addresses, or `status` is
// why none will come for now.
struct Serve {
  absl::Status status;
};
// The pool has been compared with the VPC as it was then; remember it with the
// store, for Start.
struct Verified {
  absl::Time at;
};
// The store has been rebuilt and what it says is sure, to be remembered with
// it: until then whoever opens it rebuilds it again.
struct Rebuilt {};

using Action = std::variant<CallAllocate, CallRelease, CallClaim, CallList,
                            StartProbe, StopProbe, LookAtFlows, Borrow, Note,
                            Serve, Verified, Rebuilt>;
using Actions = std::vector<Action>;

// What a CallList found.
struct Listing {
  std::vector<base::Ipv4> ips;  // the VPC's
  std::vector<User> users;      // the kernel's
  // Of addresses that the pool doesn't know, those that are fixed to a pod;
  // nullopt if that couldn't be found out: then none of them is taken in.
  std::optional<Tenants> tenants = Tenants();
};

struct StewardOptions {
  std::string subnet;
  Watermarks watermarks;
  // The VPC's list is looked through so often.
  absl::Duration verify_interval = absl::Minutes(1);
  // An ADD gets an address of a pool that was compared with the VPC no longer
  // ago than this; else it waits for the list.
  absl::Duration verify_max_age = absl::Minutes(5);
  // ... but is given one all the same if the VPC doesn't answer.
  bool lease_unverified = true;
  // Longer than what the VPC says lags behind what it has done.
  absl::Duration settle = absl::Seconds(10);
  // A call without an answer takes effect no later than this after it was given
  // up (UCloud's own time-out at the server, RetCode 110, is 60 s).
  absl::Duration latest_effect = absl::Seconds(65);
  // Addresses above the high watermark are given back only after they have been
  // there for so long, and up to half as long again, by chance.
  absl::Duration trim_delay = absl::Seconds(30);
  // How long an address in conflict is kept, so that the VPC doesn't give it to
  // us again at once.
  absl::Duration conflict_hold = absl::Minutes(1);
  // An address with connections rests no longer than this.
  absl::Duration max_cooldown = absl::Minutes(10);
  // Whether other nodes can be asked for addresses.
  bool can_borrow = false;
};

// Keeps the pool between its watermarks and in line with the VPC: what is asked
// for, given back, probed, compared, and when. Pure: told the time, what came
// of its calls, and how many ADDs wait; what it decides is stored by `commit`
// before anything is done about it, and returned as actions.
//
//   allocate, release   an intent each, one call at a time. An allocation whose
//                       outcome isn't known stays open until the list has
//                       settled it; a release is repeated until it is sure, and
//                       once more when no earlier attempt can be on its way
//   list, claim         one call at a time, beside those. What the list lacks
//                       is claimed: a cloud's reads lag, its writes don't
//
// One thread. Every event returns what is to be done now; afterwards deadline()
// says when OnTimer is due.
class Steward {
 public:
  // One call asks for no more addresses than this.
  static constexpr int kMaxAllocation = 100;
  // One intent gives back no more than this.
  static constexpr int kMaxRelease = 16;
  // So many addresses are looked at for connections at a time.
  static constexpr size_t kMaxLook = 256;
  // Between two such looks, unless an ADD waits: each costs the kernel a walk
  // through its table of connections, some milliseconds however small that is.
  static constexpr absl::Duration kLookPause = absl::Seconds(1);
  // After the VPC has said that the subnet is full, how long to believe it.
  static constexpr absl::Duration kInhibit = absl::Seconds(5);
  // ADDs wait for another attempt after an error if it is no further away.
  static constexpr absl::Duration kPatience = absl::Seconds(2);
  // Between attempts after an error: doubled from the one to the other, and
  // half of it by chance.
  static constexpr absl::Duration kMinBackoff = absl::Seconds(1);
  static constexpr absl::Duration kMaxBackoff = absl::Seconds(30);

  // Stores records in one transaction and applies them to the pool; on an error
  // nothing has changed.
  using Commit = std::function<absl::Status(const Records&)>;

  // `pool`, and what `random` refers to, must outlive this.
  Steward(const Pool& pool, Commit commit, StewardOptions options,
          absl::BitGenRef random);

  // Once, first. `needs_rebuild`: the store is new or was lost, so nothing in
  // it counts. `verified_at`: of the last Verified, or InfinitePast().
  Actions Start(bool needs_rebuild, absl::Time verified_at, absl::Time now);

  // `waiting` ADDs wait for an address; or the pool was changed by others.
  Actions OnChange(int waiting, absl::Time now);
  // `pods` are about to ask for an address: those that are on the node without
  // one, ADDs that wait included. The pool is filled for them, too, from the
  // next event on.
  void SetDemand(int pods) { demand_ = pods; }
  Actions OnTimer(absl::Time now);
  absl::Time deadline() const;

  // Errors as vpc::Provider's. RESOURCE_EXHAUSTED: the subnet is full. ABORTED:
  // not done, but may be later. Other refusals have codes that say what is
  // wrong; what remains (UNAVAILABLE, DEADLINE_EXCEEDED) may have been done.
  Actions OnAllocated(int64_t intent_id,
                      const absl::StatusOr<std::vector<base::Ipv4>>& given,
                      absl::Time now);
  Actions OnReleased(int64_t intent_id, base::Ipv4 ip,
                     const absl::Status& status, absl::Time now);
  Actions OnClaimed(base::Ipv4 ip, const absl::Status& status, absl::Time now);
  Actions OnListed(absl::Time asked_at, const absl::StatusOr<Listing>& listing,
                   absl::Time now);
  Actions OnAdmitted(base::Ipv4 ip, absl::Time now);
  // `other`: who has it, for the journal.
  Actions OnConflict(base::Ipv4 ip, const std::string& other, absl::Time now);
  // Those of the `asked` that have connections; on an error nobody knows.
  Actions OnFlows(const std::vector<base::Ipv4>& asked,
                  const absl::StatusOr<std::set<base::Ipv4>>& busy,
                  absl::Time now);
  // Addresses that came from other nodes and are fresh in the pool by now; or
  // why none did.
  Actions OnBorrowed(const absl::StatusOr<std::vector<base::Ipv4>>& came,
                     absl::Time now);

  // Another node, which `ip` was promised to, says that it didn't take it. It
  // may have gone by a list, so the VPC is asked before the address is used.
  Actions OnKeptBack(base::Ipv4 ip, absl::Time now);

  // An operator's wishes. OnWanted: one address more than the watermarks ask
  // for. OnUnwanted: these, which Pool::CouldRelease agrees to, go back to the
  // VPC.
  Actions OnWanted(absl::Time now);
  Actions OnUnwanted(const std::vector<base::Ipv4>& ips, absl::Time now);

  // An address was put back into the pool by hand, and may be fresh.
  Actions OnPushed(base::Ipv4 ip, absl::Time now);

  // Whether a warm address may be given out now.
  bool MayLease(absl::Time now) const;
  // Nothing is known of the node's addresses yet.
  bool needs_rebuild() const { return needs_rebuild_; }
  // OK, or why the VPC gives no address at present, and until when that is
  // believed.
  absl::Status obstacle(absl::Time now) const;
  absl::Time obstacle_until() const { return allocating_.paused_until; }
  // Since when the subnet is full; InfiniteFuture if it isn't.
  absl::Time exhausted_since() const { return exhausted_since_; }
  absl::Time verified_at() const { return verified_at_; }
  int in_flight() const { return in_flight_; }
  // Other nodes have been asked for addresses; or "", or why none came, while
  // they aren't asked again for that.
  bool borrowing() const { return borrowing_; }
  std::string unlent(absl::Time now) const;
  // Whether the first addresses have come and been probed, or can't come now;
  // before that an ADD would wait.
  bool filled_once() const { return filled_once_; }

 private:
  // What looks wrong, or couldn't be done, may be told otherwise so soon.
  static constexpr absl::Duration kSoon = absl::Seconds(1);

  // Calls of one kind: one at a time, with pauses after errors.
  struct Lane {
    bool busy = false;
    absl::Time paused_until = absl::InfinitePast();
    absl::Duration backoff = kMinBackoff;
    bool IsFree(absl::Time now) const { return !busy && now >= paused_until; }
  };

  void Proceed(absl::Time now);
  Plan PlanNow() const;
  void Fill(absl::Time now);
  void TakeDelivery(int64_t intent_id, const std::vector<base::Ipv4>& given,
                    absl::Time now);
  void Refused(int64_t intent_id, const absl::Status& status, absl::Time now);
  void Probe(base::Ipv4 ip);

  // steward_release.cc
  void Trim(absl::Time now);
  void Free(absl::Time now);
  void OpenRelease(const Intent& intent, const Records& records,
                   absl::Time now);
  bool HasReleases() const;
  void ContinueReleases(absl::Time now);
  void FinishRelease(int64_t intent_id, base::Ipv4 ip, absl::Time now);
  bool IsDoubted(base::Ipv4 ip) const;
  void CheckClock(absl::Time now);
  void Expire(absl::Time now);
  void Warm(const std::vector<base::Ipv4>& ips, Reason reason, absl::Time now);
  void Rest(const std::vector<base::Ipv4>& ips, absl::Time now);
  absl::Time NextLook() const;

  // steward_compare.cc
  void Compare(absl::Time now);
  void Rebuild(const Listing& listing, absl::Time now);
  void Prove(const std::vector<base::Ipv4>& listed, absl::Time asked_at);
  void TakeListing(absl::Time asked_at, const Listing& listing, absl::Time now);
  void TakeIn(const std::vector<base::Ipv4>& found, const Listing& listing,
              absl::Time now);
  void Forsake(base::Ipv4 ip, absl::Time now);
  void QueueClaims(const std::vector<base::Ipv4>& missing, absl::Time now);
  void Disown(base::Ipv4 ip, const absl::Status& status, absl::Time now);

  void Help(absl::Time now);
  absl::Status WhyNone(absl::Time now) const;
  bool WillAskSoon(absl::Time now) const;

  bool Store(const Records& records, absl::Time now);
  void BackOff(Lane& lane, absl::Time now);
  void Succeed(Lane& lane);
  void Say(Reason reason, std::optional<base::Ipv4> ip, std::string text,
           absl::Time until = absl::InfinitePast());
  Actions Take();

  const Pool& pool_;
  const Commit commit_;
  const StewardOptions options_;
  absl::BitGenRef random_;
  Audit audit_;
  Actions actions_;                        // being collected
  absl::Time now_ = absl::InfinitePast();  // of the last event

  bool needs_rebuild_ = false;
  bool clock_checked_ = false;
  bool filled_once_ = false;
  bool borrowing_ = false;
  bool looking_at_flows_ = false;
  bool looked_early_ = false;  // since the last time an ADD was given up
  absl::Time store_retry_at_ = absl::InfinitePast();
  int waiting_ = 0;
  int demand_ = 0;
  int in_flight_ = 0;  // addresses that are being asked for
  int wanted_ = 0;     // by operators, besides
  Lane allocating_;
  Lane releasing_;
  Lane checking_;
  absl::Status obstacle_;
  absl::Time exhausted_since_ = absl::InfiniteFuture();
  // Allocations that are open though their calls have ended, and when they did:
  // in an earlier run no later than at the start of this.
  Audit::Ends ended_;
  // Since the present call for addresses was made, found in a list. They may be
  // its own, and may have left again by the time that it is answered.
  std::set<base::Ipv4> found_meanwhile_;
  absl::Time borrow_again_at_ = absl::InfinitePast();
  std::string unlent_;  // why nothing was borrowed the last time

  absl::Time trim_at_ = absl::InfiniteFuture();
  // When an earlier attempt to give an address back may have taken place at the
  // latest, and when the next attempt may be made.
  std::map<base::Ipv4, absl::Time> doubtful_until_;
  std::map<base::Ipv4, absl::Time> release_not_before_;

  absl::Time verify_at_ = absl::InfinitePast();
  absl::Time verified_at_ = absl::InfinitePast();
  absl::Time unverified_until_ = absl::InfinitePast();
  // After the store was rebuilt: addresses that may have been given back
  // before, of which the list that they come from didn't know yet, or a call
  // may that nobody remembers. No pod gets them before a list shows them that
  // was asked for at `proof_from_` or later.
  std::set<base::Ipv4> unproven_;
  absl::Time proof_from_ = absl::InfinitePast();
  // Until then, what wasn't in that list either may have been in use before.
  absl::Time loss_matters_until_ = absl::InfinitePast();
  std::set<base::Ipv4> to_claim_;
  // Claims of these were refused for a reason that says nothing about them, or
  // what they told couldn't be stored: a list leads to another claim.
  std::set<base::Ipv4> unclaimed_;
  std::set<base::Ipv4> lost_;  // leased, and somebody else's by the VPC

  std::set<base::Ipv4> probing_;
  std::set<base::Ipv4> unadmitted_;  // probed, but that could not be stored
  absl::Time look_again_at_ = absl::InfinitePast();
};

}  // namespace pool

#endif  // CNIVPC_POOL_STEWARD_H_
