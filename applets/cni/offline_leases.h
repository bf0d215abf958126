#ifndef CNIVPC_APPLETS_CNI_OFFLINE_LEASES_H_
#define CNIVPC_APPLETS_CNI_OFFLINE_LEASES_H_

#include "absl/time/time.h"
#include "applets/cni/lease_source.h"
#include "applets/ledger/offline.h"

namespace applets::cni {

// Leases from the node's store, by the plugin itself: for when no ipamd runs.
// Taking a pod's network down is then the plugin's work, too.
class OfflineLeases final : public LeaseSource {
 public:
  // Waits for the store's lock until `deadline`; then UNAVAILABLE.
  OfflineLeases(const Config& config, absl::Time deadline);

  absl::StatusOr<rpc::AcquireReply> Acquire(
      const rpc::AcquireRequest& request) override;
  absl::Status Attached(const base::Attachment& attachment) override;
  absl::Status Release(const rpc::ReleaseRequest& request) override;
  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) override;
  absl::StatusOr<rpc::GcReply> Gc(const rpc::GcRequest& request) override;
  absl::Status Ready() override;

 private:
  ledger::OfflineOptions options_;
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_OFFLINE_LEASES_H_
