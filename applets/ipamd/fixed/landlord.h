#ifndef CNIVPC_APPLETS_IPAMD_FIXED_LANDLORD_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_LANDLORD_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/fixed/moves.h"
#include "kube/custom_resources.h"
#include "kube/resource.h"
#include "pool/pool.h"
#include "pool/shift.h"
#include "pool/steward.h"

namespace applets::ipamd::fixed {

// Looks after the fixed addresses that are on this node while their pods are
// away, and ends what ADDs have left half done:
//
//   its claim is being deleted      the address goes back to the VPC (intent,
//                                   store); when it has, the claim's finalizer
//                                   is taken out, so that the claim goes
//   its claim has gone, or is of    the address goes back
//   another pod
//   it was fixed, but its claim     if the claim isn't there after a while, it
//   wasn't made                     is any pod's again
//   it was about to come, but       when it can't come any more the intent is
//   nobody knows whether it did     closed; if it has come the steward finds it
//
// A leased address is left alone: a claim that is deleted waits for its pod.
// An address that went to another node isn't given back from here: that its
// claim is there is enough to keep it; the steward drops what the VPC's list
// lacks.
//
// Pure, for one thread; one call at a time. deadline() says when Next is due.
class Landlord {
 public:
  // The API server carries out a call to make a claim no later than this after
  // its caller gave up.
  static constexpr absl::Duration kUnmade = absl::Minutes(2);
  // An address whose claim the watch doesn't have is looked up after so long,
  // and then so often; after an error sooner.
  static constexpr absl::Duration kFirstLook = absl::Seconds(30);
  static constexpr absl::Duration kLook = absl::Minutes(10);
  static constexpr absl::Duration kRetry = absl::Seconds(10);

  // `is_busy`: an ADD of that pod is under way. `pool` must outlive this.
  Landlord(const pool::Pool& pool, pool::Commit commit,
           std::function<bool(const kube::ObjectKey&)> is_busy);

  struct ReadClaim {  // → OnRead
    kube::ObjectKey key;
  };
  struct Unfinalize {  // takes our finalizer out, of that very object → OnFreed
    kube::ObjectKey key;
    std::string uid;
  };
  using Call = std::variant<ReadClaim, Unfinalize>;

  // A claim that names this node's interface, as it is now, or that it doesn't
  // any more. `complete`: all of them have been told.
  struct Change {
    kube::ObjectKey key;
    std::optional<kube::VpcIpClaim> claim;
  };
  void OnClaims(std::vector<Change> changes, bool complete);
  void OnRead(const kube::ObjectKey& key,
              const absl::StatusOr<std::optional<kube::VpcIpClaim>>& claim,
              absl::Time now);
  void OnFreed(const kube::ObjectKey& key, const absl::Status& status,
               absl::Time now);

  // Decides, and stores; returns a call to make, if there is one and none is
  // under way.
  std::optional<Call> Next(absl::Time now);
  absl::Time deadline() const { return deadline_; }
  std::vector<pool::Note> TakeNotes() { return std::exchange(notes_, {}); }
  // Whether the pool was changed since it was last asked.
  bool TakeChanged() { return std::exchange(changed_, false); }
  size_t claims() const { return claims_.size(); }

 private:
  const kube::VpcIpClaim* Find(const pool::Tenant& tenant) const;
  void CloseOldTakes(absl::Time now);
  std::optional<Call> LookAfter(const pool::Address& row, absl::Time now);
  std::optional<Call> FreeClaims(absl::Time now);
  bool IsDone(const kube::VpcIpClaim& claim) const;
  void Evict(base::Ipv4 ip, std::string why, absl::Time now);
  void Store(const pool::Records& records, absl::Time now);
  bool IsDue(absl::Time at, absl::Time now);

  const pool::Pool& pool_;
  const pool::Commit commit_;
  const std::function<bool(const kube::ObjectKey&)> is_busy_;
  std::map<kube::ObjectKey, kube::VpcIpClaim> claims_;
  bool complete_ = false;
  bool calling_ = false;
  bool changed_ = false;
  // When an address's claim is looked up again, and a finalizer is tried again.
  std::map<base::Ipv4, absl::Time> look_at_;
  std::map<kube::ObjectKey, absl::Time> free_at_;
  absl::Time retry_at_ = absl::InfinitePast();  // the store
  absl::Time deadline_ = absl::InfinitePast();
  std::vector<pool::Note> notes_;
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_LANDLORD_H_
