#ifndef CNIVPC_APPLETS_IPAMD_FIXED_ELECTOR_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_ELECTOR_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/objects.h"
#include "kube/resource.h"

namespace applets::ipamd::fixed {

struct ElectorOptions {
  kube::ObjectKey key = {"kube-system", "cni-vpc-ipamd"};
  std::string identity;  // this node's name
  // Somebody who hasn't renewed the lease for so long leads no more.
  absl::Duration duration = absl::Seconds(30);
  // The leader renews it so often, and stops leading when it hasn't been able
  // to for `patience`, which is before others may think so.
  absl::Duration renew = absl::Seconds(10);
  absl::Duration patience = absl::Seconds(20);
  // Others look so often, and up to half as long again by chance: those that
  // have something for a leader to look after, and the rest.
  absl::Duration look = absl::Seconds(15);
  absl::Duration look_idly = absl::Minutes(10);
};

// Chooses one of many ipamds by a Lease: whoever writes it, in the version that
// was read, leads until it hasn't renewed it for `duration`. Nobody compares
// clocks: a lease is stale when it hasn't changed for so long as one looked at
// it oneself.
//
// On a large cluster almost nobody looks: see ElectorOptions::look_idly.
//
// Pure: all times are those of one clock that nobody sets, but the wall clock
// that stands in the lease for people. One thread, one call at a time.
class Elector {
 public:
  Elector(ElectorOptions options, absl::BitGenRef random);

  struct Look {};  // → OnLooked
  struct Make {    // → OnWritten
    kube::Lease lease;
  };
  struct Write {  // in the lease's version → OnWritten
    kube::Lease lease;
  };
  using Call = std::variant<Look, Make, Write>;

  // What is to be done now; nullopt: nothing before deadline(), or until the
  // call under way has been answered. `wall` is written into the lease.
  std::optional<Call> Next(absl::Duration now, absl::Time wall);
  void OnLooked(const absl::StatusOr<std::optional<kube::Lease>>& lease,
                absl::Duration now);
  void OnWritten(const absl::StatusOr<kube::Lease>& lease, absl::Duration now);

  // Whether there is something here for a leader to look after.
  void SetInterest(bool interested, absl::Duration now);
  // A last Write that lets others lead at once; nullopt if we don't.
  std::optional<Write> Resign(absl::Time wall);

  bool Leads(absl::Duration now) const { return now < leads_until_; }
  // When Next is due, or when we stop leading.
  absl::Duration deadline() const;
  const std::string& holder() const { return lease_.holder; }

 private:
  absl::Duration Pause();
  bool IsStale(absl::Duration now) const;
  kube::Lease Mine(absl::Time wall) const;

  const ElectorOptions options_;
  absl::BitGenRef random_;
  bool interested_ = false;
  bool busy_ = false;
  bool exists_ = false;
  kube::Lease lease_;                                   // as it was last seen
  absl::Duration seen_at_ = -absl::InfiniteDuration();  // ... first, like this
  absl::Duration sent_at_ = {};
  absl::Duration next_at_ = -absl::InfiniteDuration();
  absl::Duration leads_until_ = -absl::InfiniteDuration();
  bool looked_ = false;  // since the last write
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_ELECTOR_H_
