#ifndef CNIVPC_APPLETS_CNI_SYSTEM_LEASING_H_
#define CNIVPC_APPLETS_CNI_SYSTEM_LEASING_H_

#include <memory>

#include "absl/time/time.h"
#include "applets/cni/lease_source.h"

namespace applets::cni {

// How long a plugin waits for the store's lock before it looks whether there is
// an ipamd by now: the one that has the lock may be about to listen.
inline constexpr absl::Duration kLockSlice = absl::Milliseconds(100);

// Leases from ipamd, or from the node's store itself when no ipamd runs. Each
// call finds out anew, so that an ipamd may start or stop in the middle of an
// ADD; but an ipamd that is there and doesn't answer is never passed over.
class SystemLeasing final : public Leasing {
 public:
  // Never fails: the calls do.
  absl::StatusOr<std::unique_ptr<LeaseSource>> Open(
      const Config& config) override;
  absl::Status Enqueue(const Config& config,
                       const rpc::ReleaseRequest& request) override;
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_SYSTEM_LEASING_H_
