#ifndef CNIVPC_APPLETS_IPAMD_FIXED_REGISTRAR_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_REGISTRAR_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "kube/custom_resources.h"
#include "kube/objects.h"
#include "kube/resource.h"

namespace applets::ipamd::fixed {

// What the name of a StatefulSet's pod says: "web-0" is the pod 0 of "web".
struct SetMember {
  std::string set;
  int64_t ordinal = 0;
  friend bool operator==(const SetMember&, const SetMember&) = default;
};
std::optional<SetMember> SetMemberOf(absl::string_view pod_name);

// Decides about all claims of the cluster, on the one node that leads:
//
//   the StatefulSet is gone, or has fewer     the claim is detached, from now
//   replicas, and the pod is gone
//   it has been detached for as long as its   it is deleted (in the version
//   policy says, and nothing has changed      that was looked at), and its
//                                             node gives the address back
//   it is deleted, and its node hasn't done   the address is given back for the
//   so for a while, and the pod is gone       node, which may not exist any
//                                             more, then the claim is let go of
//   it doesn't name its interface as a label  it is labelled, so that the node
//   (UK8S's own)                              sees it
//
// Every write is for one version of a claim, so two leaders at once, or a pod
// that comes meanwhile, do no harm. A pod is looked up before each decision
// against it; none is followed.
//
// Pure, for one thread; one call at a time. deadline() says when Next is due.
class Registrar {
 public:
  // So long a claim's node has to give the address back by itself.
  static constexpr absl::Duration kNodesTurn = absl::Minutes(1);
  // A pod that should be gone is looked up again after so long; and what failed
  // is tried again.
  static constexpr absl::Duration kAgain = absl::Seconds(15);

  struct ReadPod {  // → OnPod
    kube::ObjectKey key;
  };
  struct PatchClaim {  // in its version → OnDone
    kube::VpcIpClaim claim;
  };
  struct DeleteClaim {  // in its version → OnDone
    kube::ObjectKey key;
    std::string uid;
    std::string resource_version;
  };
  // Gives the address back from any of these interfaces, none of which may
  // exist, then takes our finalizer out of that very claim → OnDone
  struct Clear {
    kube::VpcIpClaim claim;
    std::vector<base::Mac> holders;
  };
  using Call = std::variant<ReadPod, PatchClaim, DeleteClaim, Clear>;

  // Objects as they are now, or that they are gone. `complete`: all of the kind
  // have been told.
  using ClaimChange =
      std::pair<kube::ObjectKey, std::optional<kube::VpcIpClaim>>;
  void OnClaims(std::vector<ClaimChange> changes, bool complete);
  using SetChange =
      std::pair<kube::ObjectKey, std::optional<kube::StatefulSet>>;
  void OnSets(std::vector<SetChange> changes, bool complete);

  std::optional<Call> Next(absl::Time now);
  void OnPod(const kube::ObjectKey& key,
             const absl::StatusOr<std::optional<kube::Pod>>& pod,
             absl::Time now);
  void OnDone(const kube::ObjectKey& key, const absl::Status& status,
              absl::Time now);
  absl::Time deadline() const { return deadline_; }

  size_t claims() const { return claims_.size(); }
  size_t detached() const;

 private:
  struct Replicas {
    int64_t first = 0;
    int64_t count = 0;
  };
  enum class Want { kNothing, kLabel, kDetach, kDelete, kClear };

  bool IsCovered(const kube::VpcIpClaim& claim) const;
  Want WantOf(const kube::VpcIpClaim& claim, absl::Time now);
  std::optional<Call> CallFor(const kube::VpcIpClaim& claim, absl::Time now);
  bool IsDue(absl::Time at, absl::Time now);

  std::map<kube::ObjectKey, kube::VpcIpClaim> claims_;
  std::map<kube::ObjectKey, Replicas> sets_;
  bool claims_complete_ = false;
  bool sets_complete_ = false;
  bool calling_ = false;
  // Not looked at before then; and whose pod was just found to be gone.
  std::map<kube::ObjectKey, absl::Time> not_before_;
  std::optional<kube::ObjectKey> podless_;
  absl::Time deadline_ = absl::InfinitePast();
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_REGISTRAR_H_
