#include "applets/cni/daemon_leases.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::cni {
namespace {

// INVALID_ARGUMENT is about what we and ipamd say to each other, and no fault
// of the runtime's configuration.
absl::Status Blame(const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  return absl::InternalError(absl::StrCat("ipamd: ", status.message()));
}
template <typename T>
absl::StatusOr<T> Blame(absl::StatusOr<T> answer) {
  if (answer.ok()) return answer;
  return Blame(answer.status());
}

}  // namespace

absl::StatusOr<std::unique_ptr<LeaseSource>> DaemonLeases::Connect(
    const Config& config) {
  ASSIGN_OR_RETURN(rpc::Client client,
                   rpc::Client::Connect(config.socket, config.timeout));
  return std::unique_ptr<LeaseSource>(new DaemonLeases(std::move(client)));
}

absl::StatusOr<rpc::AcquireReply> DaemonLeases::Acquire(
    const rpc::AcquireRequest& request) {
  return Blame(client_.Acquire(request));
}

absl::Status DaemonLeases::Attached(const base::Attachment& attachment) {
  return client_.SendAttached(attachment);
}

absl::Status DaemonLeases::Release(const rpc::ReleaseRequest& request) {
  return Blame(client_.Release(request));
}

absl::StatusOr<rpc::AcquireReply> DaemonLeases::Check(
    const base::Attachment& attachment) {
  return Blame(client_.Check(attachment));
}

absl::StatusOr<rpc::GcReply> DaemonLeases::Gc(const rpc::GcRequest& request) {
  return Blame(client_.Gc(request));
}

absl::Status DaemonLeases::Ready() { return client_.Status(); }

}  // namespace applets::cni
