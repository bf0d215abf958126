#ifndef CNIVPC_APPLETS_IPAMD_FIXED_FIXED_ADDRESSES_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_FIXED_ADDRESSES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/ipamd/fixed/errand.h"
#include "applets/ipamd/fixed/landlord.h"
#include "applets/ipamd/fixed/office.h"
#include "applets/ipamd/metrics.h"
#include "applets/ledger/ledger.h"
#include "base/address.h"
#include "base/loop.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/follower.h"
#include "pool/steward.h"
#include "vpc/provider.h"

namespace applets::ipamd::fixed {

// Fixed addresses on this node: does what Errand decides for an ADD and what
// Landlord decides while pods are away, follows the claims that name this
// node's interface (one list, one watch), and has the Office.
//
// Lives on the loop's thread; what blocks is done by threads that own nothing.
class FixedAddresses {
 public:
  // How an ADD got its address: fixed to its pod, and to be leased; or why not.
  struct Outcome {
    absl::StatusOr<base::Ipv4> ip;
    pool::Reason reason = pool::Reason::kFixed;
    bool told = false;  // the journal has it already
  };
  using Done = std::function<void(const Outcome&)>;

  struct Parts {
    base::Loop& loop;
    ledger::Ledger& ledger;
    std::shared_ptr<vpc::Provider> provider;
    kube::Config api;
    std::string node;
    Metrics& metrics;
    // Of the interface in the VPC; what the VPC says of the subnet is asked.
    std::function<Place()> place;
    // Whether the pool may be believed while the VPC is silent.
    std::function<bool()> is_verified;
    // Fixes a warm address to the tenant, now or when there is one. When an
    // error is returned it is in the journal.
    std::function<void(const Visitor&, const pool::Tenant&,
                       std::function<void(absl::StatusOr<base::Ipv4>)>)>
        want;
    std::function<void(const absl::Status&)> on_store_status;
    std::function<void(const pool::Note&)> note;
    // The pool was changed.
    std::function<void()> on_change;
  };
  explicit FixedAddresses(Parts parts);
  ~FixedAddresses();

  // Begins, when all of the above can be called.
  void Start();
  // Lets others lead.
  void Stop() { office_.Stop(); }
  // The pool has changed.
  void OnRecords();

  // Brings the pod's fixed address here. One ADD of a pod at a time.
  void Bring(const Visitor& visitor, Done done);
  // Whether an address is kept for that pod on this node.
  bool Keeps(const base::Pod& pod) const;
  void UpdateMetrics();

 private:
  struct Performer;
  struct UnderWay {
    std::unique_ptr<Errand> errand;
    Done done;
  };

  absl::Status Commit(const pool::Records& records);
  void Perform(const kube::ObjectKey& key, const Step& step);
  void Finish(const kube::ObjectKey& key, const Outcome& outcome);
  // Runs `blocking` on a worker, and then `next` with the errand, if it still
  // is under way.
  template <typename T>
  void Ask(const char* what, const kube::ObjectKey& key,
           std::function<T()> blocking,
           std::function<Step(Errand&, const T&)> next);
  void ShowInterest();
  void Look();
  void Do(const Landlord::Call& call);
  void Follow();
  void Count(const char* call, const absl::Status& status);

  const Parts parts_;
  const std::shared_ptr<kube::Client> client_;
  std::map<kube::ObjectKey, UnderWay> under_way_;
  Landlord landlord_;
  Office office_;
  bool interested_ = false;
  base::Timer look_timer_;
  base::Workers errands_{4};
  base::Workers looking_{1};
  std::unique_ptr<kube::Follower> claims_;
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_FIXED_ADDRESSES_H_
