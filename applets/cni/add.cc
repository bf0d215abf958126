#include "applets/cni/add.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <random>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "applets/cni/port_mappings.h"
#include "applets/cni/result.h"
#include "applets/ledger/alias.h"
#include "base/status.h"
#include "netlink/pod_network.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

constexpr int kMaxSetUpAttempts = 8;

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

// The result so far in the chain, or ours alone.
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
  const netlink::VethIndexes indexes = netlink::ChooseIndexes(random);
  network.pod_ifindex = indexes.pod;
  network.host_ifindex = indexes.host;
  return netlink::SetUp(host, netns_fd, network, random);
}

// SetUp's own word for it; the kernel's EEXIST is about something else.
bool IsIfnameTaken(const absl::Status& status) {
  return absl::IsAlreadyExists(status) && base::ErrnoOf(status) == 0;
}

// Another ADD had the same host end's name in mind.
bool IsOvertaken(const absl::Status& status) {
  return absl::IsAborted(status) || base::ErrnoOf(status) == ENODEV;
}

absl::Status IfnameTaken(const Environment& environment) {
  return ErrorWithCode(
      Code::kBadEnvironment,
      absl::StrCat("CNI_IFNAME: ", environment.netns, " has an interface ",
                   environment.ifname, " already"));
}

// One ADD, from the lease on.
class Addition {
 public:
  Addition(const Request& request, netlink::Socket& host, LeaseSource& leases)
      : request_(request),
        release_(ReleaseRequestOf(request)),
        host_(host),
        leases_(leases) {}

  // All of it, or nothing. What goes wrong while undoing is second to the error
  // that led to it; and ipamd undoes it too, when we are gone.
  absl::StatusOr<std::string> Run(int netns_fd, Result previous);

 private:
  absl::StatusOr<netlink::PodNetwork> MakeNetwork(
      int netns_fd, const rpc::AcquireReply& lease);
  bool IsThere(const std::string& alias);

  const Request& request_;
  const rpc::ReleaseRequest release_;
  netlink::Socket& host_;
  LeaseSource& leases_;
};

absl::StatusOr<std::string> Addition::Run(int netns_fd, Result previous) {
  ASSIGN_OR_RETURN(const rpc::AcquireReply lease,
                   leases_.Acquire(AcquireRequestOf(request_)));
  absl::Cleanup give_back = [&] { leases_.Release(release_).IgnoreError(); };

  const auto made = MakeNetwork(netns_fd, lease);
  if (IsIfnameTaken(made.status())) {
    // If the interface is this attachment's, the lease we just got is the one
    // it has from its own ADD, and stays.
    if (IsThere(ledger::AliasOf(release_.attachment))) {
      std::move(give_back).Cancel();
      leases_.Attached(release_.attachment).IgnoreError();
    }
    return IfnameTaken(request_.environment);
  }
  RETURN_IF_ERROR(made.status());
  absl::Cleanup take_down = [&] {
    netlink::TearDown(host_, TracesOf(release_)).IgnoreError();
  };

  std::string result = ResultOf(std::move(previous), request_, *made);
  absl::Cleanup unmap = [&] { UnmapPorts(request_).IgnoreError(); };
  RETURN_IF_ERROR(MapPorts(request_, result));

  RETURN_IF_ERROR(leases_.Attached(release_.attachment));
  std::move(unmap).Cancel();
  std::move(take_down).Cancel();
  std::move(give_back).Cancel();
  return result;
}

// The host end's name is the pod's, and an ADD takes it from what has it, an
// older sandbox of the pod. When two ADDs of one pod do that at once, either
// may find its link gone before it is done, or the name always taken. It then
// takes the name in its turn: the last one has it, as if they had come one by
// one.
absl::StatusOr<netlink::PodNetwork> Addition::MakeNetwork(
    int netns_fd, const rpc::AcquireReply& lease) {
  const netlink::PodNetwork wanted = NetworkOf(request_, lease);
  auto made = SetUp(host_, netns_fd, wanted);
  for (int i = 1; i < kMaxSetUpAttempts && IsOvertaken(made.status()); ++i) {
    made = SetUp(host_, netns_fd, wanted);
  }
  return made;
}

bool Addition::IsThere(const std::string& alias) {
  netlink::PodTraces traces;
  traces.alias = alias;
  const auto link = netlink::FindHostEnd(host_, traces);
  return link.ok() && link->alias == alias;
}

}  // namespace

absl::StatusOr<std::string> Add(const Request& request, Leasing& leasing) {
  ASSIGN_OR_RETURN(Result previous, PreviousResult(request.config));
  ASSIGN_OR_RETURN(const base::Fd netns, OpenNetnsOf(request));
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  RETURN_IF_ERROR(CheckNotOurs(host, netns.get()));
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(request.config));
  return Addition(request, host, *leases).Run(netns.get(), std::move(previous));
}

}  // namespace applets::cni
