// Where the plugin's leases come from.
#ifndef CNIVPC_APPLETS_CNI_LEASE_SOURCE_H_
#define CNIVPC_APPLETS_CNI_LEASE_SOURCE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/cni/config.h"
#include "applets/rpc/messages.h"
#include "base/attachment.h"

namespace applets::cni {

// The calls of messages.h, whoever answers them: ipamd (DaemonLeases), or the
// plugin itself from the store when no ipamd runs. For one CNI call: everything
// ends within the configuration's timeout. Not thread-safe.
//
// Besides what messages.h says: UNAVAILABLE, DEADLINE_EXCEEDED, when there was
// no answer, so that it isn't known whether the call took effect.
class LeaseSource {
 public:
  virtual ~LeaseSource() = default;

  // Until Attached, this object guards the lease: it ends if we die.
  virtual absl::StatusOr<rpc::AcquireReply> Acquire(
      const rpc::AcquireRequest& request) = 0;
  // The pod's network is there. OK as soon as that is on its way.
  virtual absl::Status Attached(const base::Attachment& attachment) = 0;
  // Ends the lease and takes the pod's network off the node; OK when the link
  // is gone, or nothing was there.
  virtual absl::Status Release(const rpc::ReleaseRequest& request) = 0;
  // NOT_FOUND when the attachment has no lease.
  virtual absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) = 0;
  virtual absl::StatusOr<rpc::GcReply> Gc(const rpc::GcRequest& request) = 0;
  // Whether an Acquire could succeed now. RESOURCE_EXHAUSTED: no address.
  // FAILED_PRECONDITION: nor are the pods that exist well connected.
  virtual absl::Status Ready() = 0;
};

// How a plugin gets at leases: SystemLeasing in a process, a fake in a test.
class Leasing {
 public:
  virtual ~Leasing() = default;

  // `config` is borrowed for as long as the LeaseSource lives.
  virtual absl::StatusOr<std::unique_ptr<LeaseSource>> Open(
      const Config& config) = 0;
  // Writes a release down so that it survives us, for ipamd to carry out when
  // it can. The pod's network is gone already.
  virtual absl::Status Enqueue(const Config& config,
                               const rpc::ReleaseRequest& request) = 0;
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_LEASE_SOURCE_H_
