// One call of the plugin, understood: environment and configuration together,
// in the terms of leases and of the kernel.
#ifndef CNIVPC_APPLETS_CNI_REQUEST_H_
#define CNIVPC_APPLETS_CNI_REQUEST_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/cni/config.h"
#include "applets/cni/environment.h"
#include "applets/rpc/messages.h"
#include "base/fd.h"
#include "base/json.h"
#include "netlink/pod_network.h"
#include "netlink/pod_teardown.h"

namespace applets::cni {

struct Request {
  Environment environment;
  Config config;
  std::optional<base::Json> document;  // what `config` was read from
  absl::Duration started_at;  // CLOCK_BOOTTIME, when the plugin was started
};

base::Attachment AttachmentOf(const Request& request);

// The host end's name. A pod's eth0 has the one that UK8S and Calico know it
// by; its further interfaces, and containers that are no pods, have one of
// their own.
std::string HostIfnameOf(const Request& request);

rpc::AcquireRequest AcquireRequestOf(const Request& request);

// Its host_ifname is empty if CNI_ARGS don't tell the pod: a DEL may come
// without them, then the link is found by its alias.
rpc::ReleaseRequest ReleaseRequestOf(const Request& request);

// What the kernel is to hold for `lease`, but for MACs and indexes.
netlink::PodNetwork NetworkOf(const Request& request,
                              const rpc::AcquireReply& lease);
// What the kernel may hold of a release.
netlink::PodTraces TracesOf(const rpc::ReleaseRequest& release);

// CNI_NETNS, open. Code 4 naming it when it is no network namespace.
absl::StatusOr<base::Fd> OpenNetnsOf(const Request& request);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_REQUEST_H_
