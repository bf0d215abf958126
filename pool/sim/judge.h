#ifndef CNIVPC_POOL_SIM_JUDGE_H_
#define CNIVPC_POOL_SIM_JUDGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/pool.h"
#include "pool/sim/agenda.h"
#include "pool/sim/cloud.h"
#include "pool/sim/layout.h"

namespace pool::sim {

// What must never be, and was.
struct Violation {
  absl::Time at;
  std::string what;
  std::optional<base::Ipv4> ip = {};
  int node = kNobody;
};

// Looks at every event for what must never be:
//
//   sole use     two pods have one address; an address is leased, or could be,
//                that the VPC counts as another's
//   no loss      the VPC gives an address while the node's store has no intent
//                to get one, or takes one back that the store isn't giving
//                back, or moves one that isn't leaving the one store for the
//                other; an address that the lists of the VPC have shown twice
//                is still unknown to the store
//   promises     an address that an ADD was answered with isn't the pod's any
//                more, while the pod still runs
//   rest         an address goes to a pod without having rested since the last
//                one, unless nobody had a connection with it any more
//
// What somebody did behind the nodes' backs (Cause::kOutOfBand) is excused, as
// long as the node that lost an address can't know. The first violation counts
// and stops the agenda.
class Judge {
 public:
  Judge(Agenda& agenda, const Layout& layout);

  const std::optional<Violation>& violation() const { return violation_; }
  void Accuse(const std::string& what, std::optional<base::Ipv4> ip, int node);

  // A node's store, which must outlive this or be replaced; `is_lost`: what was
  // in the one before isn't in this.
  enum class Store { kReplayed, kLost };
  void OnStore(int node, const Pool& pool, Store store);
  // What ipamd has seen of the VPC it has forgotten.
  void OnDeath(int node);
  // Before the records are applied to the store.
  void OnCommit(int node, const Records& records);
  void OnOwner(base::Ipv4 ip, int from, int to, Cause cause);
  // The pod's network has the address; and doesn't any more.
  void OnLinkUp(int node, base::Ipv4 ip, const base::Attachment& attachment);
  void OnLinkDown(int node, base::Ipv4 ip);
  // The runtime knows that the ADD was done; the pod's end has begun.
  void OnPromise(int node, base::Ipv4 ip, const base::Attachment& attachment);
  void OnPromiseOver(base::Ipv4 ip);
  // No connections with these were found.
  void OnQuiet(const std::vector<base::Ipv4>& ips);
  // The node has dealt with a list. `settle` is what it lets pass between two
  // looks.
  struct Look {
    absl::Time asked_at;
    absl::Duration settle;
    const std::vector<base::Ipv4>& ips;
    bool could_store = true;
  };
  void OnListed(int node, const Look& look);
  // Its wall clock was set.
  void OnClockSet(int node);
  // The store holds the lease of each promise, as after a restart.
  void CheckPromises(int node);

  // Somebody changed the owner behind the node's back, and it still counts the
  // address as its own.
  bool IsExcused(base::Ipv4 ip, int node) const;

 private:
  // What is known of one address.
  struct Spot {
    int owner = kNobody;
    int linked = kNobody;  // where a pod's network has it
    std::string linked_to;
    int promised = kNobody;
    std::string promised_to;
    absl::Time rested_since = absl::InfinitePast();
    absl::Duration rest = absl::ZeroDuration();
    int rested_on = kNobody;
    uint64_t clock = 0;  // of that node, then
    absl::Time quiet_at = absl::InfinitePast();
    absl::Time meddled_at = absl::InfinitePast();
  };
  // Behind its back, a node lost an address.
  struct Excuse {
    absl::Time since;
    int looks = 0;  // that have shown it
    absl::Time last_look = absl::InfinitePast();
  };
  // An address that is the node's and that its store doesn't know.
  struct Stray {
    absl::Time since;
    // By the first of the lists that have all shown it.
    absl::Time seen_at = absl::InfiniteFuture();
  };
  struct Case {
    const Pool* store = nullptr;
    absl::Time store_lost_at = absl::InfinitePast();
    uint64_t clock = 0;
    std::map<base::Ipv4, Stray> strays;
    // Its own: another node may lose the same address later.
    std::map<base::Ipv4, Excuse> excuses;
    std::set<base::Ipv4> promises;
  };
  struct CommitCheck;

  Spot& At(base::Ipv4 ip) { return spots_[Layout::IndexOf(ip)]; }
  Case& Of(int node) { return cases_[static_cast<size_t>(node)]; }
  const Address* RowOf(int node, base::Ipv4 ip) const;
  const Excuse* ExcuseOf(int node, base::Ipv4 ip) const;
  bool MayLackIntent(int node) const;
  bool IsShifted(int node, base::Ipv4 ip, State state) const;
  void CheckCall(base::Ipv4 ip, int from, int to, Cause cause);
  void CheckMove(base::Ipv4 ip, int from, int to);
  void CheckUse(int node, const Address& row);
  void CheckRest(int node, const Address& row);
  void NoteStray(int node, base::Ipv4 ip);
  void CheckStrays(int node, const Look& look);
  bool CouldKnow(const Excuse& excuse) const;

  Agenda& agenda_;
  std::vector<Spot> spots_;
  std::vector<Case> cases_;
  std::optional<Violation> violation_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_JUDGE_H_
