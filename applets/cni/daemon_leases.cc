#include "applets/cni/daemon_leases.h"

#include "base/status.h"

namespace applets::cni {

absl::StatusOr<std::unique_ptr<LeaseSource>> DaemonLeases::Connect(
    const Config& config) {
  ASSIGN_OR_RETURN(rpc::Client client,
                   rpc::Client::Connect(config.socket, config.timeout));
  return std::unique_ptr<LeaseSource>(new DaemonLeases(std::move(client)));
}

absl::StatusOr<rpc::AcquireReply> DaemonLeases::Acquire(
    const rpc::AcquireRequest& request) {
  return client_.Acquire(request);
}

absl::Status DaemonLeases::Attached(const base::Attachment& attachment) {
  return client_.SendAttached(attachment);
}

absl::Status DaemonLeases::Release(const rpc::ReleaseRequest& request) {
  return client_.Release(request);
}

absl::StatusOr<rpc::AcquireReply> DaemonLeases::Check(
    const base::Attachment& attachment) {
  return client_.Check(attachment);
}

absl::StatusOr<rpc::GcReply> DaemonLeases::Gc(const rpc::GcRequest& request) {
  return client_.Gc(request);
}

absl::Status DaemonLeases::Ready() { return client_.Status(); }

}  // namespace applets::cni
