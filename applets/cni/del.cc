#include "applets/cni/del.h"

#include "applets/cni/port_mappings.h"
#include "base/status.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

absl::Status Release(const rpc::ReleaseRequest& release, const Config& config,
                     Leasing& leasing) {
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(config));
  return leases->Release(release);
}

absl::Status TearDownAndEnqueue(const rpc::ReleaseRequest& release,
                                const Config& config, Leasing& leasing) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  RETURN_IF_ERROR(netlink::TearDown(host, TracesOf(release)));
  return leasing.Enqueue(config, release);
}

}  // namespace

Deletion Del(const Request& request, Leasing& leasing) {
  const rpc::ReleaseRequest release = ReleaseRequestOf(request);
  Deletion deletion;
  const absl::Status unmapped = UnmapPorts(request);
  deletion.trouble = Release(release, request.config, leasing);
  if (!deletion.trouble.ok()) {
    deletion.status = TearDownAndEnqueue(release, request.config, leasing);
  }
  deletion.status.Update(unmapped);
  return deletion;
}

}  // namespace applets::cni
