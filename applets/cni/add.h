#ifndef CNIVPC_APPLETS_CNI_ADD_H_
#define CNIVPC_APPLETS_CNI_ADD_H_

#include <string>

#include "absl/status/statusor.h"
#include "applets/cni/lease_source.h"
#include "applets/cni/request.h"

namespace applets::cni {

// ADD: a lease, the pod's network in the kernel, ports of the node mapped to
// it, `attached`, and the result as JSON. A failure undoes all of it, and then
// comes back.
//
// Code 4 names CNI_IFNAME when the container has such an interface already, and
// CNI_NETNS when there is no such namespace or it is the node's own. An ADD of
// an attachment that exists is such an error and leaves it as it is.
absl::StatusOr<std::string> Add(const Request& request, Leasing& leasing);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_ADD_H_
