#include "applets/cni/add.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <random>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "applets/cni/result.h"
#include "base/status.h"
#include "netlink/pod_network.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

// Good enough for MACs and interface numbers, and at hand at once.
absl::StatusOr<std::mt19937_64> NewRandom() {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
    return base::ErrnoStatus("getrandom");
  }
  return std::mt19937_64(seed);
}

// The namespace that `host` belongs to must be another one than the pod's.
absl::Status CheckNotOurs(const netlink::Socket& host, int netns_fd) {
  const base::Fd own(ioctl(host.fd(), SIOCGSKNS));
  struct stat ours, theirs;
  if (!own.valid() || fstat(own.get(), &ours) != 0 ||
      fstat(netns_fd, &theirs) != 0) {
    return base::ErrnoStatus("compare network namespaces");
  }
  if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) {
    return absl::OkStatus();
  }
  return ErrorWithCode(Code::kBadEnvironment,
                       "CNI_NETNS: is the node's own network namespace");
}

// The first result of the chain, or ours alone.
absl::StatusOr<Result> PreviousResult(const Config& config) {
  if (!config.prev_result) return Result();
  return ParseResult(*config.prev_result);
}

std::string ResultOf(Result previous, const Request& request,
                     const netlink::PodNetwork& made) {
  if (previous.dns.empty()) previous.dns = request.config.dns;
  Attached ours;
  ours.ifname = made.pod_ifname;
  ours.netns = request.environment.netns;
  ours.mac = made.pod_mac;
  ours.host_ifname = made.host_ifname;
  ours.host_mac = made.host_mac;
  ours.address = made.address;
  ours.gateway = made.node_address;
  ours.mtu_bytes = made.mtu_bytes;
  return ToJson(Append(std::move(previous), ours, request.config.version),
                request.config.version);
}

absl::StatusOr<netlink::PodNetwork> SetUp(netlink::Socket& host, int netns_fd,
                                          netlink::PodNetwork network) {
  ASSIGN_OR_RETURN(std::mt19937_64 random, NewRandom());
  network.pod_mac = base::Mac::LocallyAdministered(random());
  network.host_mac = base::Mac::LocallyAdministered(random());
  const netlink::VethIndexes indexes = netlink::ChooseIndexes(random);
  network.pod_ifindex = indexes.pod;
  network.host_ifindex = indexes.host;
  return netlink::SetUp(host, netns_fd, network, random);
}

// Whether the attachment has its network from an earlier ADD.
bool IsThere(netlink::Socket& host, const netlink::PodNetwork& network) {
  netlink::PodTraces traces;
  traces.alias = network.alias;
  traces.host_ifname = network.host_ifname;
  const auto link = netlink::FindHostEnd(host, traces);
  return link.ok() && link->alias == network.alias;
}

// The container has an interface of that name. If it is this attachment's, the
// lease we just got is the one it has from its own ADD, and stays.
bool KeepsLease(netlink::Socket& host, const netlink::PodNetwork& wanted,
                LeaseSource& leases, const base::Attachment& attachment) {
  if (!IsThere(host, wanted)) return false;
  leases.Attached(attachment).IgnoreError();
  return true;
}

absl::Status IfnameTaken(const Environment& environment) {
  return ErrorWithCode(
      Code::kBadEnvironment,
      absl::StrCat("CNI_IFNAME: ", environment.netns, " has an interface ",
                   environment.ifname, " already"));
}

// SetUp's own word for it; the kernel's EEXIST is about something else.
bool IsIfnameTaken(const absl::Status& status) {
  return absl::IsAlreadyExists(status) && base::ErrnoOf(status) == 0;
}

// Lease and network, or neither. What goes wrong while undoing is second to the
// error that led to it; and ipamd undoes it too, when we are gone.
absl::StatusOr<netlink::PodNetwork> Attach(const Request& request,
                                           netlink::Socket& host, int netns_fd,
                                           LeaseSource& leases) {
  ASSIGN_OR_RETURN(const rpc::AcquireReply lease,
                   leases.Acquire(AcquireRequestOf(request)));
  const rpc::ReleaseRequest release = ReleaseRequestOf(request);
  absl::Cleanup give_back = [&] { leases.Release(release).IgnoreError(); };

  const netlink::PodNetwork wanted = NetworkOf(request, lease);
  auto made = SetUp(host, netns_fd, wanted);
  if (IsIfnameTaken(made.status())) {
    if (KeepsLease(host, wanted, leases, release.attachment)) {
      std::move(give_back).Cancel();
    }
    return IfnameTaken(request.environment);
  }
  RETURN_IF_ERROR(made.status());
  absl::Cleanup take_down = [&] {
    netlink::TearDown(host, TracesOf(release)).IgnoreError();
  };

  RETURN_IF_ERROR(leases.Attached(release.attachment));
  std::move(take_down).Cancel();
  std::move(give_back).Cancel();
  return made;
}

}  // namespace

absl::StatusOr<std::string> Add(const Request& request, Leasing& leasing) {
  ASSIGN_OR_RETURN(Result previous, PreviousResult(request.config));
  ASSIGN_OR_RETURN(const base::Fd netns, OpenNetnsOf(request));
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  RETURN_IF_ERROR(CheckNotOurs(host, netns.get()));
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(request.config));
  ASSIGN_OR_RETURN(const netlink::PodNetwork made,
                   Attach(request, host, netns.get(), *leases));
  return ResultOf(std::move(previous), request, made);
}

}  // namespace applets::cni
