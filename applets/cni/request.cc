#include "applets/cni/request.h"

#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "applets/ledger/alias.h"
#include "netlink/attachment.h"
#include "netlink/netns.h"

namespace applets::cni {
namespace {

// What kubelet and containerd call a pod's own interface.
constexpr char kPodIfname[] = "eth0";

bool IsPodsOwn(const Environment& environment) {
  return environment.ifname == kPodIfname &&
         !environment.args.pod_namespace.empty() &&
         !environment.args.pod_name.empty();
}

base::Pod PodOf(const Request& request) {
  const Args& args = request.environment.args;
  return {args.pod_namespace, args.pod_name, args.pod_uid};
}

}  // namespace

base::Attachment AttachmentOf(const Request& request) {
  return {request.config.name, request.environment.container_id,
          request.environment.ifname};
}

std::string HostIfnameOf(const Request& request) {
  const Environment& environment = request.environment;
  if (IsPodsOwn(environment)) {
    return netlink::HostIfname(environment.args.pod_namespace,
                               environment.args.pod_name);
  }
  return netlink::HostIfnameWithoutPod(environment.container_id,
                                       environment.ifname);
}

rpc::AcquireRequest AcquireRequestOf(const Request& request) {
  rpc::AcquireRequest acquire;
  acquire.attachment = AttachmentOf(request);
  acquire.pod = PodOf(request);
  acquire.netns = request.environment.netns;
  acquire.host_ifname = HostIfnameOf(request);
  acquire.started_at = request.started_at;
  acquire.can = {rpc::kTables};
  return acquire;
}

rpc::ReleaseRequest ReleaseRequestOf(const Request& request) {
  rpc::ReleaseRequest release;
  release.attachment = AttachmentOf(request);
  release.pod = PodOf(request);
  if (IsPodsOwn(request.environment)) {
    release.host_ifname = HostIfnameOf(request);
  }
  release.started_at = request.started_at;
  return release;
}

netlink::PodNetwork NetworkOf(const Request& request,
                              const rpc::AcquireReply& lease) {
  const Environment& environment = request.environment;
  netlink::PodNetwork network;
  network.pod_ifname = environment.ifname;
  network.host_ifname = HostIfnameOf(request);
  network.alias = ledger::AliasOf(AttachmentOf(request));
  network.address = lease.address;
  network.node_address = lease.node.address;
  network.node_ifindex = lease.node.ifindex;
  network.table = lease.node.table;
  network.mtu_bytes =
      EffectiveMtu(request.config.mtu_bytes, lease.node.mtu_bytes);
  network.pod_mac = netlink::PodMac(network.alias);
  network.host_mac = netlink::HostMac(network.alias);
  return network;
}

netlink::PodTraces TracesOf(const rpc::ReleaseRequest& release) {
  netlink::PodTraces traces;
  traces.alias = ledger::AliasOf(release.attachment);
  traces.host_ifname = release.host_ifname;
  return traces;
}

absl::StatusOr<base::Fd> OpenNetnsOf(const Request& request) {
  auto netns = netlink::OpenNetns(request.environment.netns);
  if (netns.ok()) return netns;
  return ErrorWithCode(Code::kBadEnvironment,
                       absl::StrCat("CNI_NETNS: ", netns.status().message()));
}

}  // namespace applets::cni
