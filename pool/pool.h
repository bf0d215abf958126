#ifndef CNIVPC_POOL_POOL_H_
#define CNIVPC_POOL_POOL_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/record.h"

namespace pool {

// Times that the pool's decisions depend on.
struct Policy {
  // How long an address rests after a pod has gone
  // (--cooldownPeriodSeconds).
  absl::Duration cooldown = absl::Seconds(30);
  // How long a tombstone is kept: longer than any runtime waits for an ADD.
  absl::Duration tombstone_life = absl::Minutes(10);
  // Whether an address is probed before it is warm (RFC 5227).
  bool probing = false;
  // When the store was lost: how long no address that it may have promised to
  // another node can be used, which is then given back to the VPC. Zero if none
  // is ever promised.
  absl::Duration loss_hold = absl::ZeroDuration();
};

// How many addresses are in each state.
struct Counts {
  int fresh = 0;
  int warm = 0;
  int leased = 0;
  int cooling = 0;
  int quarantined = 0;
  int releasing = 0;
  int popped = 0;
  int leaving = 0;
  int arriving = 0;
  int fixed = 0;
  int total() const {
    return fresh + warm + leased + cooling + quarantined + releasing + popped +
           leaving + arriving + fixed;
  }
  int& of(State state);
  int of(State state) const { return Counts(*this).of(state); }
};

// What an ADD asks for.
struct Wish {
  base::Attachment attachment;
  base::Pod pod;
  std::string netns;
  std::string host_ifname;
  absl::Duration started_at;  // CLOCK_BOOTTIME
};

// A decision that gives an address: the records to store, then to apply.
struct Grant {
  Address address;
  Records records;
};

// The addresses of a node, in memory. Decide... functions look at the state and
// return records; nothing changes until these records, once stored, are given
// to Apply. Pure: no clock, no I/O. Not thread-safe.
class Pool {
 public:
  explicit Pool(Policy policy) : policy_(policy) {}
  Pool(const Pool& other);
  Pool& operator=(const Pool& other) { return *this = Pool(other); }
  Pool(Pool&&) = default;
  Pool& operator=(Pool&&) = default;
  void SetPolicy(const Policy& policy) { policy_ = policy; }
  const Policy& policy() const { return policy_; }

  // An address for the attachment: its own if it has a lease already, else the
  // warm one that has rested longest.
  //   FAILED_PRECONDITION  a DEL came after this ADD began
  //   UNAVAILABLE          the attachment's network is being taken down
  //   RESOURCE_EXHAUSTED   no warm address
  absl::StatusOr<Grant> DecideAcquire(const Wish& wish, absl::Time now) const;

  // The pod's network is set up. NOT_FOUND when there is no lease any more, or
  // it is being taken down: whoever set the network up must undo that.
  absl::StatusOr<Records> DecideAttached(
      const base::Attachment& attachment) const;

  // A DEL that began at `started_at` (CLOCK_BOOTTIME): its tombstone, and the
  // lease (if there is one) detaching from now. A lease whose ADD began later
  // stays: the DEL had been waiting somewhere.
  Records DecideDetach(const base::Attachment& attachment,
                       absl::Duration started_at, absl::Time now) const;

  // An ADD that failed or died: like DecideDetach, but without a tombstone.
  Records DecideAbandon(const base::Attachment& attachment) const;

  // The network of the attachment is gone: its address cools down. No records
  // when there is no detaching lease.
  Records DecideDetached(const base::Attachment& attachment,
                         absl::Time now) const;
  // The network of the attachment is gone, but another link of the node is
  // routed the address: it is quarantined, for somebody else uses it.
  Records DecideForeign(const base::Attachment& attachment,
                        absl::Time now) const;
  // Addresses that were quarantined because somebody used them, and that nobody
  // uses any more, cool down.
  Records DecideVacant(const std::vector<base::Ipv4>& vacant,
                       absl::Time now) const;
  // The node was rebooted, and no pod, link or rule has survived it: leases end
  // and tombstones, whose clock has begun anew, are dropped.
  Records DecideReboot(absl::Time now) const;

  // Cooling addresses and tombstones whose time is over.
  Records DecideTick(absl::Time now) const;
  // When DecideTick will next have something to say.
  absl::Time deadline() const;
  // Of what DecideTick does, the tombstones alone.
  Records DecideExpire(absl::Time now) const;
  absl::Time next_expiry() const;
  // Cooling addresses that are warm from now.
  Records DecideRested(const std::vector<base::Ipv4>& ips,
                       absl::Time now) const;
  // Cooling addresses that rest longer.
  Records DecideRestUntil(const std::vector<base::Ipv4>& ips,
                          absl::Time until) const;

  // Cooling addresses, and those quarantined for a time, stay so no longer from
  // now than for the cooldown, and for `hold`: the clock was set back.
  Records DecideNoLonger(absl::Duration hold, absl::Time now) const;

  // About to ask the VPC for `count` more addresses of the subnet.
  std::pair<Intent, Records> DecideAllocate(int count,
                                            const std::string& subnet,
                                            absl::Time now) const;
  // The VPC has given these (any number): they are fresh, or warm if there is
  // no probing; the intent is closed.
  Records DecideAllocated(const Intent& intent,
                          const std::vector<base::Ipv4>& given,
                          absl::Time now) const;
  // The same without an intent.
  Records DecideArrived(const std::vector<base::Ipv4>& ips,
                        const std::string& subnet, absl::Time now) const;
  // A fresh address is warm: nobody else has it.
  Records DecideAdmitted(base::Ipv4 ip, absl::Time now) const;
  // Somebody else has a fresh address: it is quarantined until then, to be
  // given back.
  Records DecideConflict(base::Ipv4 ip, absl::Time now, absl::Time until) const;
  // It may not be ours any more: a warm address is fresh until that is known.
  Records DecideDoubt(base::Ipv4 ip, absl::Time now) const;
  // The VPC has given it to somebody else. A lease stays, for a pod has it.
  Records DecideDisown(base::Ipv4 ip) const;
  // Addresses that the VPC counts as ours, but we didn't know of. Who used them
  // last isn't known either, so they cool down first.
  Records DecideAdopt(const std::vector<base::Ipv4>& found,
                      const std::string& subnet, absl::Time now) const;
  // A lease found in the kernel when the store was lost.
  Records DecideRestore(base::Ipv4 ip, const std::string& subnet, Lease lease,
                        absl::Time now) const;

  // About to give up to `count` warm addresses back to the VPC, those that
  // rested longest first. The records are empty when there are none.
  std::pair<Intent, Records> DecideRelease(int count, const std::string& subnet,
                                           absl::Time now) const;
  // The same for these addresses, those of them that are warm, popped, or
  // quarantined for a conflict.
  std::pair<Intent, Records> DecideReleaseOf(const std::vector<base::Ipv4>& ips,
                                             const std::string& subnet,
                                             absl::Time now) const;
  Records DecideReleased(const Intent& intent) const;
  // One address of the intent was given back; the last one closes it.
  Records DecideReleased(int64_t intent_id, base::Ipv4 ip) const;
  // The VPC has said no: they are warm again.
  Records DecideKept(const Intent& intent, absl::Time now) const;

  // An operator takes an address out of the pool, a warm one or one that rests;
  // without `ip` the warm one that has rested longest. No pod gets it, nor is
  // it given back, until it is pushed or given up.
  //   NOT_FOUND            there is none
  //   FAILED_PRECONDITION  it is in another state
  absl::StatusOr<Grant> DecidePop(std::optional<base::Ipv4> ip,
                                  absl::Time now) const;
  // And puts it back, without `ip` the one that was popped first: it rests for
  // what is left of its cooldown; else it is fresh, or warm if there is no
  // probing. Errors as above.
  absl::StatusOr<Grant> DecidePush(std::optional<base::Ipv4> ip,
                                   absl::Time now) const;
  // An address that the VPC counts as ours and the pool didn't know is popped.
  Records DecideSetAside(base::Ipv4 ip, const std::string& subnet,
                         absl::Time now) const;
  // OK when DecideReleaseOf would take it; else NOT_FOUND or
  // FAILED_PRECONDITION, and why.
  absl::Status CouldRelease(base::Ipv4 ip) const;

  // --- shifts (pool_shift.cc)

  // Promises the warm address that has rested longest to another node. The
  // records are empty when there is none.
  std::pair<Intent, Records> DecideLend(const std::string& key,
                                        const std::string& peer,
                                        const std::string& subnet,
                                        absl::Time now) const;
  // The other node has it.
  Records DecideLent(const Intent& intent) const;
  // The other node hasn't taken it: it is fresh, or without probing it cools.
  Records DecideKeptBack(const Intent& intent, absl::Time now) const;
  // About to ask another node for an address.
  std::pair<Intent, Records> DecideBorrow(const std::string& key,
                                          const std::string& peer,
                                          const std::string& subnet,
                                          absl::Time now) const;
  // The other node has promised that one, and it is about to be taken over.
  // ALREADY_EXISTS if the pool has it.
  absl::StatusOr<Records> DecidePromised(const Intent& intent, base::Ipv4 ip,
                                         absl::Time now) const;
  // It is ours: fresh, or warm if there is no probing.
  Records DecideBorrowed(const Intent& intent, absl::Time now) const;
  // It isn't, and won't be.
  Records DecideUnborrowed(const Intent& intent) const;
  // The open shift of that kind and key; nullptr if there is none. Borrowed
  // until the next Apply.
  const Intent* FindShift(Intent::Kind kind, const std::string& key) const;

  // --- fixed addresses (pool_fixed.cc)

  // The warm address that has rested longest is the tenant's from now on.
  // RESOURCE_EXHAUSTED: there is none.
  absl::StatusOr<Grant> DecideFix(const Tenant& tenant, absl::Time now) const;
  // That very one, which nobody has: warm, cooling or popped, or fixed to that
  // tenant already. NOT_FOUND, or FAILED_PRECONDITION in another state.
  absl::StatusOr<Records> DecideReserve(base::Ipv4 ip, const Tenant& tenant,
                                        absl::Time now) const;
  // It is nobody's any more: it cools, or goes on being leased as any other.
  Records DecideUnfix(base::Ipv4 ip, absl::Time now) const;
  // Nor is it to stay: a fixed address goes back to the VPC.
  std::pair<Intent, Records> DecideEvict(base::Ipv4 ip, absl::Time now) const;
  // The fixed address for its tenant: as DecideAcquire, and
  //   UNAVAILABLE          another attachment of the pod still has it
  //   NOT_FOUND            it isn't the pod's (any more)
  absl::StatusOr<Grant> DecideAcquireFixed(const Wish& wish, base::Ipv4 ip,
                                           absl::Time now) const;
  // About to be taken over from another interface, or from the VPC, for its
  // tenant; an intent of before is replaced. FAILED_PRECONDITION: it is here,
  // and not the tenant's.
  absl::StatusOr<std::pair<Intent, Records>> DecideTake(
      base::Ipv4 ip, const Tenant& tenant, const std::string& subnet,
      absl::Time now) const;
  // It has come: it is fixed. Or it hasn't, and won't.
  Records DecideTaken(const Intent& intent, absl::Time now) const;
  Records DecideUntaken(const Intent& intent) const;
  // The open intent to take that address over; nullptr if there is none.
  const Intent* FindTake(base::Ipv4 ip) const;
  // The tenant's row; nullptr if there is none. Both are borrowed until the
  // next Apply.
  const Address* FindTenant(const Tenant& tenant) const;

  // Leases of `network` whose attachment is not in `valid`.
  std::vector<Lease> NotIn(const std::string& network,
                           const std::set<base::Attachment>& valid) const;

  void Apply(const Record& record);
  void Apply(const Records& records);

  // The row of an address or of an attachment's lease; nullptr when there is
  // none. Borrowed until the next Apply.
  const Address* Find(base::Ipv4 ip) const;
  const Address* Find(const base::Attachment& attachment) const;
  const std::map<base::Ipv4, Address>& addresses() const { return addresses_; }
  const std::map<int64_t, Intent>& intents() const { return intents_; }
  struct Grave {
    absl::Duration buried_at;
    absl::Time expires;
    friend bool operator==(const Grave&, const Grave&) = default;
  };
  const absl::node_hash_map<base::Attachment, Grave>& tombstones() const {
    return tombstones_;
  }
  Counts counts() const;
  // When the first of the cooling addresses will be warm; InfiniteFuture if
  // none is cooling.
  absl::Time next_warm() const;
  // Cooling addresses, up to `most`, that rest until `until` at the latest;
  // those that have rested longest first.
  std::vector<base::Ipv4> Resting(absl::Time until, size_t most) const;
  // Addresses quarantined for a conflict whose time was over at `now`, and when
  // the first one's is.
  std::vector<base::Ipv4> Held(absl::Time now) const;
  absl::Time next_held() const;

 private:
  struct ApplyTo;
  struct ByAttachment {
    using Entry = std::pair<absl::Time, const base::Attachment*>;
    bool operator()(const Entry& a, const Entry& b) const {
      return std::tie(a.first, *a.second) < std::tie(b.first, *b.second);
    }
  };
  using Queue = std::set<std::pair<absl::Time, base::Ipv4>>;

  void Put(const Address& row);
  void Drop(base::Ipv4 ip);
  Record Detaching(const Address& row) const;
  absl::Status CheckAlive(const Wish& wish) const;

  Policy policy_;
  std::map<base::Ipv4, Address> addresses_;
  absl::flat_hash_map<base::Attachment, base::Ipv4> leased_;
  // A busy node has tens of thousands, so each has its attachment once.
  absl::node_hash_map<base::Attachment, Grave> tombstones_;
  std::set<std::pair<absl::Time, const base::Attachment*>, ByAttachment>
      tombstone_queue_;  // by `expires`; borrows from tombstones_
  std::map<int64_t, Intent> intents_;
  int64_t last_intent_ = 0;
  Queue warm_;     // by `since`: rested longest first
  Queue cooling_;  // by `until`
  Queue held_;     // quarantined for a conflict, by `until`
  Counts counts_;
};

// The error of an ADD that finds no address, `cause` being why the VPC gave
// none: it says how many addresses are cooling and when the first is warm.
// UNAVAILABLE when waiting helps, because some are cooling or the cause may
// pass; RESOURCE_EXHAUSTED when the subnet is full.
absl::Status Dry(const Pool& pool, const std::string& subnet,
                 const absl::Status& cause, absl::Time now);

}  // namespace pool

#endif  // CNIVPC_POOL_POOL_H_
