#ifndef CNIVPC_POOL_SIM_OFFLINE_H_
#define CNIVPC_POOL_SIM_OFFLINE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/pool.h"

namespace pool::sim {

class Node;

// What the plugin does itself, with the store, while ipamd doesn't run: as
// applets/ledger/offline.h, but for asking the VPC.
absl::StatusOr<base::Ipv4> AcquireOffline(Node& node, const Wish& wish);
absl::Status AttachedOffline(Node& node, const base::Attachment& attachment);
// The network is taken down in any case; if the store can't be written it is
// left to ipamd to hear of it (the queue).
absl::Status ReleaseOffline(Node& node, const base::Attachment& attachment,
                            absl::Duration started_at);

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_OFFLINE_H_
