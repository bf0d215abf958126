#ifndef CNIVPC_APPLETS_CNI_CHECK_H_
#define CNIVPC_APPLETS_CNI_CHECK_H_

#include "absl/status/status.h"
#include "applets/cni/lease_source.h"
#include "applets/cni/request.h"

namespace applets::cni {

// CHECK: the lease, prevResult and the kernel agree. Later plugins' additions
// are fine. Code 3 when there is no lease, 105 when something isn't as ADD made
// it, 7 without a prevResult.
absl::Status Check(const Request& request, Leasing& leasing);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_CHECK_H_
