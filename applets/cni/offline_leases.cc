#include "applets/cni/offline_leases.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/cni/request.h"
#include "applets/ledger/ledger.h"
#include "base/status.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace applets::cni {

OfflineLeases::OfflineLeases(const Config& config, absl::Time deadline) {
  options_.state_dir = config.state_dir;
  options_.vpc.vpc = config.vpc;
  options_.vpc.subnet = config.subnet;
  options_.vpc.vpc_state = config.vpc_state;
  options_.vpc.interface = config.interface;
  options_.deadline = deadline;
}

absl::StatusOr<rpc::AcquireReply> OfflineLeases::Acquire(
    const rpc::AcquireRequest& request) {
  return ledger::Acquire(options_, request);
}

absl::Status OfflineLeases::Attached(const base::Attachment& attachment) {
  return ledger::Attached(options_, attachment);
}

absl::Status OfflineLeases::Release(const rpc::ReleaseRequest& request) {
  ASSIGN_OR_RETURN(const auto lease, ledger::BeginRelease(options_, request));
  netlink::PodTraces traces = TracesOf(request);
  if (lease) {
    traces.address = lease->address;
    traces.host_ifname = lease->host_ifname;
  }
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  RETURN_IF_ERROR(netlink::TearDown(host, traces));
  return lease ? ledger::EndRelease(options_, request.attachment)
               : absl::OkStatus();
}

absl::StatusOr<rpc::AcquireReply> OfflineLeases::Check(
    const base::Attachment& attachment) {
  return ledger::Check(options_, attachment);
}

absl::StatusOr<rpc::GcReply> OfflineLeases::Gc(const rpc::GcRequest& request) {
  ASSIGN_OR_RETURN(const auto stale, ledger::Stale(options_, request));
  rpc::GcReply reply;
  for (const base::Attachment& attachment : stale) {
    const absl::Status status =
        Release({attachment, {}, "", ledger::BootNow()});
    if (status.ok()) {
      reply.released.push_back(attachment);
    } else {
      reply.errors.push_back(
          absl::StrCat(attachment.ToString(), ": ", status.message()));
    }
  }
  return reply;
}

absl::Status OfflineLeases::Ready() { return ledger::CouldLease(options_); }

}  // namespace applets::cni
