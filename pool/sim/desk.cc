#include "pool/sim/desk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/sim/node.h"

namespace pool::sim {

using base::Attachment;
using base::Ipv4;

// --- ADD

void Desk::Acquire(const Wish& wish, Connection connection, Reply reply) {
  if (process_.steward().needs_rebuild()) {
    return reply(absl::UnavailableError("the store is being rebuilt"));
  }
  Waiting waiting{wish, connection, std::move(reply),
                  node_.world().agenda.now()};
  const bool is_next =
      waiting_.empty() && process_.steward().MayLease(process_.now());
  if ((is_next || node_.pool().Find(wish.attachment) != nullptr) &&
      TryGrant(waiting)) {
    return process_.Kick();
  }
  waiting_.push_back(std::move(waiting));
  ++node_.world().totals.waited;
  process_.Kick();
}

// False when there is no warm address; else the ADD has been answered.
bool Desk::TryGrant(Waiting& waiting) {
  auto grant = node_.pool().DecideAcquire(waiting.wish, process_.now());
  if (absl::IsResourceExhausted(grant.status())) return false;
  if (grant.ok()) {
    *grant = Spoil(node_.world().plant, *std::move(grant), last_granted_);
  }
  absl::Status status = grant.status();
  if (status.ok()) status = process_.Record(grant->records);
  if (!status.ok()) {
    Answer(waiting, status);
    return true;
  }
  if (grant->address.lease->phase == Phase::kAttaching) {
    Unguard(waiting.wish.attachment);
    guards_[waiting.connection] = waiting.wish.attachment;
    guarded_[waiting.wish.attachment] = waiting.connection;
  }
  last_granted_ = grant->address.ip;
  Answer(waiting, grant->address.ip);
  return true;
}

void Desk::Answer(Waiting& waiting, const absl::StatusOr<Ipv4>& answer) {
  if (waiting.reply == nullptr) return;  // hung up
  Totals& totals = node_.world().totals;
  ++totals.adds;
  if (!answer.ok()) ++totals.refusals;
  CheckWait(waiting);
  waiting.reply(answer);
}

void Desk::CheckWait(const Waiting& waiting) const {
  const World& world = node_.world();
  const absl::Duration waited = world.agenda.now() - waiting.since;
  world.totals.longest_wait = std::max(world.totals.longest_wait, waited);
  if (waited <= kLongestWait) return;
  world.judge.Accuse(
      absl::StrCat("an ADD waits for ", absl::FormatDuration(waited)),
      std::nullopt, node_.id());
}

void Desk::Serve(const absl::Status& status) {
  while (!waiting_.empty() && !process_.is_dead() &&
         process_.steward().MayLease(process_.now()) &&
         TryGrant(waiting_.front())) {
    waiting_.pop_front();
  }
  while (!status.ok() && !waiting_.empty() && !process_.is_dead()) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    Answer(waiting, status);
  }
  if (!process_.is_dead()) process_.Kick();
}

absl::Status Desk::Attached(const Attachment& attachment) {
  const auto records = node_.pool().DecideAttached(attachment);
  if (!records.ok()) {
    Unguard(attachment);
    Bury(attachment, [](const absl::Status&) {});
    return records.status();
  }
  const absl::Status status = process_.Record(*records);
  Unguard(attachment);
  if (!status.ok() && !process_.is_dead()) process_.RequestSweep();
  return status;
}

// --- DEL

void Desk::Release(const ReleaseRequest& request, Done done) {
  const Attachment& attachment = request.attachment;
  const absl::Status status = process_.Record(node_.pool().DecideDetach(
      attachment, request.started_at, process_.now()));
  if (!status.ok()) return done(status);
  const Address* row = node_.pool().Find(attachment);
  if (row != nullptr && row->lease->phase != Phase::kDetaching) {
    return done(absl::OkStatus());  // a later ADD's
  }
  Unguard(attachment);
  Bury(attachment, std::move(done));
}

void Desk::Bury(const Attachment& attachment, Done done) {
  std::vector<Done>& mourners = burials_[attachment];
  mourners.push_back(std::move(done));
  if (mourners.size() > 1) return;
  node_.world().agenda.After(absl::Milliseconds(20),
                             [node = &node_, life = node_.life(), attachment] {
                               if (node->life() != life) return;
                               node->process()->desk().EndBurial(attachment);
                             });
}

void Desk::EndBurial(const Attachment& attachment) {
  node_.host().LinkDown(attachment);
  std::vector<Done> mourners = std::move(burials_[attachment]);
  burials_.erase(attachment);
  const absl::Status status =
      process_.Record(node_.pool().DecideDetached(attachment, process_.now()));
  for (Done& done : mourners) done(status);
  if (process_.is_dead()) return;
  if (!status.ok()) process_.RequestSweep();
  process_.Kick();
}

void Desk::Unguard(const Attachment& attachment) {
  const auto it = guarded_.find(attachment);
  if (it == guarded_.end()) return;
  guards_.erase(it->second);
  guarded_.erase(it);
}

void Desk::Abandon(const Attachment& attachment) {
  Unguard(attachment);
  if (process_.Record(node_.pool().DecideAbandon(attachment)).ok()) {
    Bury(attachment, [](const absl::Status&) {});
  } else if (!process_.is_dead()) {
    process_.RequestSweep();
  }
}

void Desk::Close(Connection connection) {
  if (std::erase_if(waiting_, [&](const Waiting& waiting) {
        if (waiting.connection != connection) return false;
        CheckWait(waiting);
        return true;
      }) > 0) {
    process_.Kick();
  }
  const auto it = guards_.find(connection);
  if (it != guards_.end()) Abandon(Attachment(it->second));
}

// --- putting right

void Desk::Sweep() {
  if (process_.steward().needs_rebuild()) return process_.RequestSweep();
  std::vector<Lease> leases;
  for (const auto& [ip, row] : node_.pool().addresses()) {
    if (row.lease) leases.push_back(*row.lease);
  }
  for (const Lease& lease : leases) {
    if (process_.is_dead()) return;
    SweepLease(lease);
  }
  std::set<Attachment> orphans;
  for (const auto& [attachment, ip] : node_.host().links()) {
    if (node_.pool().Find(attachment) == nullptr) orphans.insert(attachment);
  }
  for (const Attachment& attachment : orphans) {
    if (orphans_.contains(attachment)) node_.host().LinkDown(attachment);
  }
  orphans_ = std::move(orphans);
  if (!orphans_.empty() && !process_.is_dead()) process_.RequestSweep();
}

void Desk::SweepLease(const Lease& lease) {
  const Attachment& attachment = lease.attachment;
  if (lease.phase == Phase::kAttached || burials_.contains(attachment)) return;
  if (lease.phase == Phase::kDetaching) {
    return Bury(attachment, [](const absl::Status&) {});
  }
  if (guarded_.contains(attachment)) return;
  if (!node_.host().Has(attachment)) return Abandon(attachment);
  static_cast<void>(Attached(attachment));
}

void Desk::HangUp() {
  Agenda& agenda = node_.world().agenda;
  const absl::Status dead = absl::UnavailableError("ipamd died");
  for (Waiting& waiting : waiting_) {
    agenda.After(
        absl::Milliseconds(1),
        [dead, reply = std::exchange(waiting.reply, nullptr)]() mutable {
          reply(dead);
        });
  }
  for (auto& [attachment, mourners] : burials_) {
    for (Done& done : mourners) {
      agenda.After(absl::Milliseconds(1),
                   [dead, done = std::move(done)]() mutable { done(dead); });
    }
  }
}

}  // namespace pool::sim
