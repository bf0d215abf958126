#include "pool/sim/offline.h"

#include "pool/sim/node.h"

namespace pool::sim {
namespace {

constexpr Node::Writer kPlugin = Node::Writer::kPlugin;

absl::Status Open(Node& node) {
  return node.EndEarlierBoot(kPlugin, node.host().wall());
}

}  // namespace

absl::StatusOr<base::Ipv4> AcquireOffline(Node& node, const Wish& wish) {
  // It would ask the VPC, which plugins don't here.
  if (node.needs_rebuild()) return absl::UnavailableError("no store");
  absl::Status status = Open(node);
  if (!status.ok()) return status;
  const absl::Time now = node.host().wall();
  status = node.Commit(node.pool().DecideTick(now), kPlugin);
  if (!status.ok()) return status;
  const auto grant = node.pool().DecideAcquire(wish, now);
  if (!grant.ok()) return grant.status();
  status = node.Commit(grant->records, kPlugin);
  if (!status.ok()) return status;
  return grant->address.ip;
}

absl::Status AttachedOffline(Node& node, const base::Attachment& attachment) {
  absl::Status status = Open(node);
  if (!status.ok()) return status;
  const auto records = node.pool().DecideAttached(attachment);
  if (!records.ok()) return records.status();
  return node.Commit(*records, kPlugin);
}

absl::Status ReleaseOffline(Node& node, const base::Attachment& attachment,
                            absl::Duration started_at) {
  absl::Status status = Open(node);
  const absl::Time now = node.host().wall();
  if (status.ok()) {
    status = node.Commit(node.pool().DecideDetach(attachment, started_at, now),
                         kPlugin);
  }
  const Address* row = node.pool().Find(attachment);
  if (row != nullptr && row->lease->started_at > started_at) return status;
  node.host().LinkDown(attachment);
  if (!status.ok()) {
    node.Enqueue({attachment, started_at, node.host().boot()});
    return absl::OkStatus();
  }
  return node.Commit(node.pool().DecideDetached(attachment, now), kPlugin);
}

}  // namespace pool::sim
