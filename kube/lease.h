#ifndef CNIVPC_KUBE_LEASE_H_
#define CNIVPC_KUBE_LEASE_H_

#include <string>

#include "kube/objects.h"

namespace kube {

// coordination/v1 Leases, as they are written: by them one of many processes is
// chosen. DecodeLease (objects.h) reads them.

// The object to create.
std::string EncodeLease(const Lease& lease);
// A merge patch of all of its spec, only if the object still is in the lease's
// version.
std::string LeasePatch(const Lease& lease);

}  // namespace kube

#endif  // CNIVPC_KUBE_LEASE_H_
