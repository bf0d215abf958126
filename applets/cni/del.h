#ifndef CNIVPC_APPLETS_CNI_DEL_H_
#define CNIVPC_APPLETS_CNI_DEL_H_

#include "absl/status/status.h"
#include "applets/cni/lease_source.h"
#include "applets/cni/request.h"

namespace applets::cni {

// What DEL came to.
struct Deletion {
  absl::Status status;   // what the runtime is told
  absl::Status trouble;  // why the lease couldn't be ended right away, if so
};

// DEL: ends the lease and takes the pod's network off the node. What is missing
// is no error, CNI_NETNS and prevResult are not looked at, and it may be called
// any number of times, before ADD has ended or for a container that nobody
// knows. It goes by the attachment, so it never hits another one's interface.
//
// When the lease can't be ended (ipamd is there and silent, the store is
// locked or damaged), the network is taken down all the same, and the release
// goes into a durable queue: the pod is gone, whatever our troubles.
Deletion Del(const Request& request, Leasing& leasing);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_DEL_H_
