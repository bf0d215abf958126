#include "applets/cni/check.h"

#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "applets/cni/port_mappings.h"
#include "applets/cni/result.h"
#include "base/status.h"
#include "netlink/pod_check.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

absl::Status NotAsAdded(absl::string_view details) {
  return ErrorWithCode(Code::kNotAsAdded, "the network is not as ADD made it",
                       details);
}

absl::StatusOr<Found> Expected(const Request& request) {
  if (!request.config.prev_result) {
    return absl::InvalidArgumentError("prevResult: missing");
  }
  ASSIGN_OR_RETURN(const Result result,
                   ParseResult(*request.config.prev_result));
  auto found = FindInterface(result, request.environment.ifname,
                             request.environment.netns);
  if (!found.ok()) return NotAsAdded(found.status().message());
  return found;
}

// What was missing and what was wrong is one to the runtime; any other error
// says that we couldn't look.
absl::Status CheckKernel(int netns_fd, const netlink::PodNetwork& network) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  absl::Status status = netlink::Check(host, netns_fd, network);
  if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status)) {
    return NotAsAdded(status.message());
  }
  return status;
}

}  // namespace

absl::Status Check(const Request& request, Leasing& leasing) {
  ASSIGN_OR_RETURN(const Found expected, Expected(request));
  ASSIGN_OR_RETURN(const base::Fd netns, OpenNetnsOf(request));
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(request.config));
  ASSIGN_OR_RETURN(const rpc::AcquireReply lease,
                   leases->Check(AttachmentOf(request)));
  if (!expected.Has(lease.address)) {
    return NotAsAdded(absl::StrCat(
        "prevResult gives ", request.environment.ifname, " no address ",
        lease.address.ToString(), ", which it has a lease for"));
  }
  RETURN_IF_ERROR(CheckKernel(netns.get(), NetworkOf(request, lease)));
  return CheckPorts(request);
}

}  // namespace applets::cni
