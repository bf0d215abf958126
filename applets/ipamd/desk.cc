#include "applets/ipamd/desk.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ledger/alias.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {

using base::Attachment;

absl::Status Desk::Record(const pool::Records& records) {
  absl::Status status = parts_.ledger.Record(records);
  if (!records.empty()) parts_.on_store_status(status);
  return status;
}

rpc::AcquireReply Desk::ReplyOf(const pool::Address& row) const {
  const netlink::Node& node = parts_.node;
  return {
      row.ip,
      row.subnet,
      {node.name, node.ifindex, node.mtu_bytes, parts_.gateway(), node.table}};
}

void Desk::Guard(const Attachment& attachment, uint64_t connection) {
  Unguard(attachment);
  guards_[connection] = attachment;
  guarded_[attachment] = connection;
}

void Desk::Unguard(const Attachment& attachment) {
  const auto it = guarded_.find(attachment);
  if (it == guarded_.end()) return;
  guards_.erase(it->second);
  guarded_.erase(it);
}

void Desk::Acquire(const rpc::AcquireRequest& request, uint64_t connection,
                   const Admit& admit, Reply<rpc::AcquireReply> reply) {
  const Waiting waiting{{request.attachment, request.pod, request.netns,
                         request.host_ifname, request.started_at},
                        connection,
                        std::move(reply),
                        absl::Now()};
  if (parts_.keeper->steward().needs_rebuild()) {
    return Refuse(waiting, absl::UnavailableError("the store is being rebuilt "
                                                  "from the VPC's list; try "
                                                  "again"));
  }
  // What has its address already keeps it.
  const bool has_one = parts_.ledger.pool().Find(request.attachment) != nullptr;
  if (has_one || admit == nullptr) return Admitted(waiting);
  admit(waiting.wish,
        [this, waiting](const Turn& turn) { OnTurn(waiting, turn); });
}

void Desk::OnTurn(const Waiting& waiting, const Turn& turn) {
  switch (turn.way) {
    case Turn::Way::kOrdinary:
      return Admitted(waiting);
    case Turn::Way::kFixed: {
      auto grant = parts_.ledger.pool().DecideAcquireFixed(
          waiting.wish, turn.ip, absl::Now());
      if (absl::IsNotFound(grant.status())) {  // it went in the meantime
        grant = absl::UnavailableError(grant.status().message());
      }
      Give(waiting, grant);
      return parts_.keeper->Kick();
    }
    case Turn::Way::kRefused:
      if (turn.told) return waiting.reply(turn.status);
      return RefuseFor(turn.reason, waiting, turn.status);
  }
}

void Desk::Want(const pool::Wish& wish, const pool::Tenant& tenant,
                std::function<void(absl::StatusOr<base::Ipv4>)> done) {
  Waiting waiting{wish, 0, nullptr, absl::Now(), tenant, done};
  waiting.reply = [done](const absl::StatusOr<rpc::AcquireReply>& refused) {
    done(refused.status());
  };
  Admitted(waiting);
}

void Desk::Admitted(const Waiting& waiting) {
  // An attachment that has its address, or may have none, is answered at once;
  // else those that wait already come first.
  if (parts_.ledger.pool().Find(waiting.wish.attachment) != nullptr ||
      (waiting_.empty() && MayLease())) {
    if (TryGrant(waiting)) return parts_.keeper->Kick();
  }
  if (waiting_.size() >= kMaxWaiting) {
    return Refuse(waiting,
                  absl::UnavailableError(absl::StrCat(
                      kMaxWaiting, " ADDs wait for an address; try again")));
  }
  waiting_.push_back(waiting);
  parts_.keeper->Kick();
}

bool Desk::MayLease() const {
  return parts_.keeper->steward().MayLease(absl::Now());
}

// False when there is no warm address; else the ADD has been answered.
bool Desk::TryGrant(const Waiting& waiting) {
  if (waiting.tenant) return TryFix(waiting);
  const auto grant =
      parts_.ledger.pool().DecideAcquire(waiting.wish, absl::Now());
  if (grant.status().code() == absl::StatusCode::kResourceExhausted) {
    return false;
  }
  Give(waiting, grant);
  return true;
}

bool Desk::TryFix(const Waiting& waiting) {
  const auto grant =
      parts_.ledger.pool().DecideFix(*waiting.tenant, absl::Now());
  if (!grant.ok()) return false;
  if (const absl::Status status = Record(grant->records); !status.ok()) {
    Refuse(waiting, status);
  } else {
    waiting.on_fixed(grant->address.ip);
  }
  return true;
}

void Desk::Give(const Waiting& waiting,
                const absl::StatusOr<pool::Grant>& grant) {
  absl::Status status = grant.status();
  if (status.ok()) status = Record(grant->records);
  if (!status.ok()) return Refuse(waiting, status);
  VLOG(1) << "leased address=" << grant->address.ip.ToString()
          << " attachment=" << waiting.wish.attachment.ToString();
  if (grant->address.lease->phase == pool::Phase::kAttaching) {
    Guard(waiting.wish.attachment, waiting.connection);
  }
  parts_.note({.reason = pool::Reason::kLeased,
               .address = grant->address.ip,
               .attachment = waiting.wish.attachment,
               .pod = waiting.wish.pod,
               .subnet = grant->address.subnet});
  Answer(waiting, grant->address);
}

void Desk::Answer(const Waiting& waiting, const pool::Address& row) {
  if (prepare_ == nullptr) return waiting.reply(ReplyOf(row));
  prepare_(waiting.wish.pod, row.ip,
           [this, waiting](const absl::Status& s) { OnPrepared(waiting, s); });
}

// Meanwhile the plugin may have died, or a DEL have come.
void Desk::OnPrepared(const Waiting& waiting, const absl::Status& status) {
  const Attachment& attachment = waiting.wish.attachment;
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  if (row == nullptr || row->lease->phase == pool::Phase::kDetaching) {
    return Refuse(waiting, absl::FailedPreconditionError(
                               "a DEL came while the ADD was under way"));
  }
  if (status.ok()) return waiting.reply(ReplyOf(*row));
  parts_.note({.reason = pool::Reason::kNotAnnotated,
               .address = row->ip,
               .attachment = attachment,
               .pod = waiting.wish.pod,
               .subnet = row->subnet,
               .text = std::string(status.message())});
  // What runs already keeps its lease.
  if (row->lease->phase == pool::Phase::kAttaching) Abandon(attachment);
  waiting.reply(absl::UnavailableError(absl::StrCat(
      "the pod's annotation can't be written: ", status.message())));
}

void Desk::Refuse(const Waiting& waiting, const absl::Status& status) {
  RefuseFor(WhyRefused(waiting.wish, status), waiting, status);
}

void Desk::RefuseFor(pool::Reason reason, const Waiting& waiting,
                     const absl::Status& status) {
  parts_.note({.reason = reason,
               .attachment = waiting.wish.attachment,
               .pod = waiting.wish.pod,
               .subnet = parts_.subnet,
               .text = std::string(status.message())});
  waiting.reply(status);
}

pool::Reason Desk::WhyRefused(const pool::Wish& wish,
                              const absl::Status& status) const {
  if (parts_.keeper->steward().needs_rebuild()) {
    return pool::Reason::kRebuilding;
  }
  if (waiting_.size() >= kMaxWaiting) return pool::Reason::kOverloaded;
  if (absl::IsFailedPrecondition(status)) return pool::Reason::kDeleted;
  const pool::Address* row = parts_.ledger.pool().Find(wish.attachment);
  if (row != nullptr && row->lease->phase == pool::Phase::kDetaching) {
    return pool::Reason::kDetaching;
  }
  const absl::Status obstacle = parts_.keeper->steward().obstacle(absl::Now());
  return ReasonOf(obstacle.ok() ? status : obstacle);
}

std::vector<Waiter> Desk::Waiters() const {
  std::vector<Waiter> waiters;
  for (const Waiting& waiting : waiting_) {
    waiters.push_back(
        {waiting.wish.attachment, waiting.wish.pod, waiting.since});
  }
  return waiters;
}

void Desk::Serve(const absl::Status& status) {
  while (!waiting_.empty() && MayLease() && TryGrant(waiting_.front())) {
    waiting_.pop_front();
  }
  const absl::Time now = absl::Now();
  while (!status.ok() && !waiting_.empty()) {
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    Refuse(waiting,
           pool::Dry(parts_.ledger.pool(), parts_.subnet, status, now));
  }
  parts_.keeper->Kick();
}

absl::Status Desk::Attached(const Attachment& attachment, uint64_t connection) {
  const auto records = parts_.ledger.pool().DecideAttached(attachment);
  if (!records.ok()) {
    Unguard(attachment);
    // A DEL came meanwhile: what the plugin has made since must go, too.
    Bury(attachment, [](absl::Status) {});
    return records.status();
  }
  const absl::Status stored = Record(*records);
  // The plugin doesn't wait for our answer, and is about to close: what it has
  // made stays in any case. If that can't be stored, sweeping does it later.
  const auto guard = guarded_.find(attachment);
  if (guard != guarded_.end() && guard->second == connection) {
    Unguard(attachment);
  }
  RETURN_IF_ERROR(stored);
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  if (row != nullptr) parts_.announcer.Announce(row->ip);
  return absl::OkStatus();
}

void Desk::Release(const rpc::ReleaseRequest& request, uint64_t connection,
                   Done done) {
  const Attachment& attachment = request.attachment;
  const absl::Status status = Record(parts_.ledger.pool().DecideDetach(
      attachment, request.started_at, absl::Now()));
  if (!status.ok()) return done(status);
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  if (row != nullptr && row->lease->phase != pool::Phase::kDetaching) {
    return done(absl::OkStatus());  // a later ADD's
  }
  const auto guard = guarded_.find(attachment);
  if (guard != guarded_.end() && guard->second == connection) {
    Unguard(attachment);
  }
  if (row != nullptr) return Bury(attachment, std::move(done));
  parts_.undertaker.Bury(
      {ledger::AliasOf(attachment), request.host_ifname, std::nullopt},
      std::move(done));
}

void Desk::Bury(const Attachment& attachment, Done done) {
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  Undertaker::Burial burial{ledger::AliasOf(attachment), "", std::nullopt};
  if (row != nullptr) {
    burial.host_ifname = row->lease->host_ifname;
    burial.address = row->ip;
  }
  parts_.undertaker.Bury(
      burial, [this, attachment, done = std::move(done)](absl::Status status) {
        status = EndLease(attachment, status);
        done(status);
        parts_.keeper->Kick();
      });
}

// What a lease becomes when its network has been taken down, or not.
absl::Status Desk::EndLease(const Attachment& attachment,
                            const absl::Status& burial) {
  const pool::Pool& pool = parts_.ledger.pool();
  const absl::Time now = absl::Now();
  if (burial.ok()) {
    const pool::Records records = pool.DecideDetached(attachment, now);
    NoteDetached(attachment, records);
    return Record(records);
  }
  LOG(ERROR) << "attachment=" << attachment.ToString() << ": "
             << burial.message();
  if (!absl::IsFailedPrecondition(burial)) return burial;
  return Record(pool.DecideForeign(attachment, now));
}

void Desk::NoteDetached(const Attachment& attachment,
                        const pool::Records& records) {
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  if (row == nullptr || records.empty()) return;
  parts_.note({.reason = pool::Reason::kDetached,
               .address = row->ip,
               .attachment = attachment,
               .pod = row->lease->pod,
               .subnet = row->subnet});
}

void Desk::Abandon(const Attachment& attachment) {
  Unguard(attachment);
  if (!Record(parts_.ledger.pool().DecideAbandon(attachment)).ok()) return;
  Bury(attachment, [](absl::Status) {});
}

void Desk::OnClose(uint64_t connection) {
  const auto it = guards_.find(connection);
  if (it == guards_.end()) return;
  const Attachment attachment = it->second;
  LOG(WARNING) << "the plugin died during ADD: attachment="
               << attachment.ToString() << "; its lease ends";
  Abandon(attachment);
}

absl::StatusOr<rpc::AcquireReply> Desk::Check(
    const Attachment& attachment) const {
  const pool::Address* row = parts_.ledger.pool().Find(attachment);
  if (row == nullptr || row->lease->phase == pool::Phase::kDetaching) {
    return absl::NotFoundError(
        absl::StrCat("no lease for ", attachment.ToString()));
  }
  return ReplyOf(*row);
}

void Desk::Gc(const rpc::GcRequest& request,
              const std::shared_ptr<GcCollection>& collection) {
  for (const pool::Lease& lease : parts_.ledger.pool().NotIn(
           request.network, {request.valid.begin(), request.valid.end()})) {
    const Attachment attachment = lease.attachment;
    if (IsGuarded(attachment)) continue;  // an ADD that is under way
    Release({attachment, lease.pod, lease.host_ifname, ledger::BootNow()}, 0,
            [collection, attachment](absl::Status status) {
              if (status.ok()) {
                collection->result().released.push_back(attachment);
              } else {
                collection->result().errors.push_back(absl::StrCat(
                    attachment.ToString(), ": ", status.message()));
              }
            });
  }
}

absl::Status Desk::CouldLease() const {
  if (parts_.keeper->steward().needs_rebuild()) {
    return absl::UnavailableError("the store is being rebuilt");
  }
  if (parts_.ledger.pool().counts().warm > 0) return absl::OkStatus();
  const absl::Time now = absl::Now();
  if (!parts_.keeper->steward().filled_once()) {
    return absl::UnavailableError("the first addresses are being probed");
  }
  const absl::Status obstacle = parts_.keeper->steward().obstacle(now);
  if (obstacle.ok()) return absl::OkStatus();
  return pool::Dry(parts_.ledger.pool(), parts_.subnet, obstacle, now);
}

}  // namespace applets::ipamd
