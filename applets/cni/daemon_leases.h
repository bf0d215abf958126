#ifndef CNIVPC_APPLETS_CNI_DAEMON_LEASES_H_
#define CNIVPC_APPLETS_CNI_DAEMON_LEASES_H_

#include <memory>
#include <utility>

#include "applets/cni/lease_source.h"
#include "applets/rpc/client.h"

namespace applets::cni {

// Leases from ipamd over its socket. The connection is the lease's guard: when
// we die before Attached, ipamd sees it close and ends the lease.
class DaemonLeases final : public LeaseSource {
 public:
  // NOT_FOUND when no ipamd runs.
  static absl::StatusOr<std::unique_ptr<LeaseSource>> Connect(
      const Config& config);

  absl::StatusOr<rpc::AcquireReply> Acquire(
      const rpc::AcquireRequest& request) override;
  absl::Status Attached(const base::Attachment& attachment) override;
  absl::Status Release(const rpc::ReleaseRequest& request) override;
  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) override;
  absl::StatusOr<rpc::GcReply> Gc(const rpc::GcRequest& request) override;
  absl::Status Ready() override;

 private:
  explicit DaemonLeases(rpc::Client client) : client_(std::move(client)) {}

  rpc::Client client_;
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_DAEMON_LEASES_H_
