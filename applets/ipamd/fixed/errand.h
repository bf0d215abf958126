#ifndef CNIVPC_APPLETS_IPAMD_FIXED_ERRAND_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_ERRAND_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/fixed/moves.h"
#include "base/address.h"
#include "base/attachment.h"
#include "kube/custom_resources.h"
#include "kube/resource.h"
#include "pool/pool.h"
#include "pool/shift.h"
#include "pool/steward.h"

namespace applets::ipamd::fixed {

// Where this node is in the VPC.
struct Place {
  base::Mac mac = {};  // of the interface
  std::string subnet = {};
  std::string vpc = {};
  std::string zone = {};
  std::string mask = {};     // 255.255.0.0, "" if it isn't known
  std::string gateway = {};  // "" if it isn't known
};

// Who asks for a fixed address.
struct Visitor {
  base::Attachment attachment;
  base::Pod pod;
  std::string stateful_set;
  // How long it is kept when the pod has gone for good; none: for ever.
  std::optional<absl::Duration> keep;
};

// What is to be done next, and which event tells what came of it.

// → OnRead
struct ReadClaim {
  kube::ObjectKey key;
};
// → OnCreated
struct CreateClaim {
  kube::VpcIpClaim claim;
};
// In the claim's version → OnPatched
struct PatchClaim {
  kube::VpcIpClaim claim;
};
// A warm address of the pool is to be fixed to the tenant → OnAddress
struct WantAddress {
  pool::Tenant tenant;
};
// vpc::Provider::TakeOver → OnSecured
struct TakeOver {
  base::Ipv4 ip;
  base::Mac from;
};
// vpc::Provider::Claim → OnSecured
struct Obtain {
  base::Ipv4 ip;
};
// It is fixed to the pod in this node's pool, and may be leased to it.
struct Done {
  base::Ipv4 ip;
};
struct Refuse {
  pool::Reason reason;
  absl::Status status;
};
using Step = std::variant<ReadClaim, CreateClaim, PatchClaim, WantAddress,
                          TakeOver, Obtain, Done, Refuse>;

// The way of one ADD to the fixed address of its pod:
//
//   no claim:  fix a warm address (store) → create the claim → Done
//   a claim, and the address is here:
//              ask the VPC for that very address → patch the claim → Done
//   a claim, and the address is, or may be, elsewhere:
//              write the move into the claim → intent (store) → move it from
//              where it may be, else ask for that very address → fixed (store)
//              → patch the claim → Done
//
// The claim is patched in the version that was read, so of two nodes that want
// an address at the same time one begins again; and the VPC moves an address
// only from where it is. The patch at the end says that the pod has it
// (attached): without it nothing is leased, so that a claim is never released
// under a pod. Each step may be the last one: what it leaves is taken up by the
// pod's next ADD, on this node or another, or by Landlord.
//
// Pure, for one thread; one step at a time.
class Errand {
 public:
  // A claim that keeps changing is read no more often than this.
  static constexpr int kMaxReads = 6;

  // `pool` must outlive this.
  Errand(const pool::Pool& pool, pool::Commit commit, Place place,
         Visitor visitor);

  Step Start() { return Read(); }
  Step OnRead(const absl::StatusOr<std::optional<kube::VpcIpClaim>>& claim,
              absl::Time now);
  Step OnCreated(const absl::StatusOr<kube::VpcIpClaim>& claim, absl::Time now);
  Step OnPatched(const absl::StatusOr<kube::VpcIpClaim>& claim, absl::Time now);
  // This one is fixed to the tenant in the pool.
  Step OnAddress(base::Ipv4 ip);
  // `trusted`: if the VPC doesn't answer, what the pool knows will do.
  Step OnSecured(const absl::Status& status, bool trusted, absl::Time now);

  // For the journal, since the last call.
  std::vector<pool::Note> TakeNotes() { return std::exchange(notes_, {}); }
  const Visitor& visitor() const { return visitor_; }
  kube::ObjectKey key() const { return {visitor_.pod.ns, visitor_.pod.name}; }

 private:
  enum class Stage { kMarking, kConfirming };

  Step Read();
  Step NoClaim(absl::Time now);
  Step Create(base::Ipv4 ip);
  Step Judge(absl::Time now);
  std::optional<Step> Prepare(absl::Time now);
  std::optional<Step> Reserve(absl::Time now);
  bool IsSettledHere() const;
  Step Mark(absl::Time now);
  Step Take(absl::Time now);
  Step AskNext();
  Step Secured(absl::Time now);
  Step Confirm(absl::Time now);
  Step Lost(const absl::Status& status);
  Step Unanswered(const absl::Status& status);
  Step Unreachable(const absl::Status& status, absl::string_view what) const;
  Step Busy(std::string why) const;
  Step Store(const pool::Records& records, Step next);
  void Say(pool::Reason reason, base::Ipv4 ip, std::string text);

  const pool::Pool& pool_;
  const pool::Commit commit_;
  const Place place_;
  const Visitor visitor_;
  pool::Tenant tenant_;
  kube::VpcIpClaim claim_;  // as it was last seen, or is being made
  Moves moves_;             // its
  // An earlier attempt to bring it here may not be over.
  bool unsettled_ = false;
  bool here_ = false;  // the pool has it, and it isn't being moved
  Stage stage_ = Stage::kMarking;
  std::vector<base::Mac> holders_;  // that haven't been asked
  std::optional<base::Mac> asked_;  // none: the VPC itself
  int reads_ = 0;
  std::vector<pool::Note> notes_;
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_ERRAND_H_
