#ifndef CNIVPC_APPLETS_LEDGER_OFFLINE_H_
#define CNIVPC_APPLETS_LEDGER_OFFLINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ledger/vpc_config.h"
#include "applets/rpc/messages.h"

namespace applets::ledger {

struct OfflineOptions {
  std::string state_dir;
  // Used when the store has none, because ipamd has never run on the node.
  VpcConfig vpc;
  // How long to wait for the store's lock.
  absl::Time deadline;
};

// What ipamd would do with these messages, done by the plugin itself when ipamd
// isn't running. Each call takes the store's lock, makes its one change and
// gives the lock back, so that pods wait for each other's transaction only.
// The kernel's part is the caller's.
//
// Pods of the node's further interfaces are found and taken down, too; but no
// new pod gets an address while there are PodNetworkings (realm.h:
// kRealmsSetting), for only ipamd knows which pods have them.
//
// UNAVAILABLE: somebody has the lock, an ipamd that is starting for one: ask
// the daemon again. Other errors as ipamd's.

// As POST /v1/leases/acquire. When the pool is dry the VPC is asked.
absl::StatusOr<rpc::AcquireReply> Acquire(const OfflineOptions& options,
                                          const rpc::AcquireRequest& request);
// As POST /v1/leases/attached.
absl::Status Attached(const OfflineOptions& options,
                      const rpc::Attachment& attachment);
// As POST /v1/leases/check.
absl::StatusOr<rpc::AcquireReply> Check(const OfflineOptions& options,
                                        const rpc::Attachment& attachment);

// POST /v1/leases/release, around the caller's taking the network down: the
// tombstone and the lease's detaching before it, the address's cooling after.
// BeginRelease tells what the lease was, for there is no other record of its
// address once the link is gone; nullopt if there was none.
struct Released {
  base::Ipv4 address;
  std::string host_ifname;
};
absl::StatusOr<std::optional<Released>> BeginRelease(
    const OfflineOptions& options, const rpc::ReleaseRequest& request);
absl::Status EndRelease(const OfflineOptions& options,
                        const rpc::Attachment& attachment);

// The leases that POST /v1/gc would end.
absl::StatusOr<std::vector<rpc::Attachment>> Stale(
    const OfflineOptions& options, const rpc::GcRequest& request);

// As GET /v1/status.
absl::Status CouldLease(const OfflineOptions& options);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_OFFLINE_H_
