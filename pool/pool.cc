#include "pool/pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "glog/logging.h"

namespace pool {
Pool::Pool(const Pool& other) : policy_(other.policy_) {
  for (const auto& [ip, row] : other.addresses_) Put(row);
  for (const auto& [attachment, grave] : other.tombstones_) {
    Apply(PutTombstone{{attachment, grave.buried_at, grave.expires}});
  }
  intents_ = other.intents_;
  last_intent_ = other.last_intent_;
}

// Neither has a DEL come after the ADD began, nor is it being taken down.
absl::Status Pool::CheckAlive(const Wish& wish) const {
  const auto grave = tombstones_.find(wish.attachment);
  if (grave != tombstones_.end() &&
      wish.started_at <= grave->second.buried_at) {
    return absl::FailedPreconditionError(
        absl::StrCat("attachment ", wish.attachment.ToString(),
                     " was deleted after this ADD began"));
  }
  const Address* row = Find(wish.attachment);
  if (row != nullptr && row->lease->phase == Phase::kDetaching) {
    return absl::UnavailableError(
        absl::StrCat("attachment ", wish.attachment.ToString(),
                     " is being taken down; try again"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Grant> Pool::DecideAcquire(const Wish& wish,
                                          absl::Time now) const {
  RETURN_IF_ERROR(CheckAlive(wish));
  const Address* row = Find(wish.attachment);
  Address granted;
  if (row != nullptr) {
    granted = *row;
  } else if (!warm_.empty()) {
    granted = In(State::kLeased, addresses_.at(warm_.begin()->second), now);
  } else {
    return absl::ResourceExhaustedError("no warm address");
  }
  // An ADD that is repeated after it succeeded finds the interface in place and
  // fails: nothing about the pod that runs may change because of it.
  const Phase phase = row == nullptr ? Phase::kAttaching : row->lease->phase;
  granted.lease =
      Lease{wish.attachment, wish.pod, wish.netns,     wish.host_ifname,
            phase,           now,      wish.started_at};
  return Grant{granted, {PutAddress{granted}}};
}

absl::StatusOr<Records> Pool::DecideAttached(
    const base::Attachment& attachment) const {
  const Address* row = Find(attachment);
  if (row == nullptr || row->lease->phase == Phase::kDetaching) {
    return absl::NotFoundError(
        absl::StrCat("no lease for ", attachment.ToString()));
  }
  if (row->lease->phase == Phase::kAttached) return Records();
  Address attached = *row;
  attached.lease->phase = Phase::kAttached;
  return Records{PutAddress{std::move(attached)}};
}

Record Pool::Detaching(const Address& row) const {
  Address detaching = row;
  detaching.lease->phase = Phase::kDetaching;
  return PutAddress{std::move(detaching)};
}

Records Pool::DecideDetach(const base::Attachment& attachment,
                           absl::Duration started_at, absl::Time now) const {
  Records records;
  const Address* row = Find(attachment);
  if (row != nullptr && row->lease->started_at <= started_at) {
    records = DecideAbandon(attachment);
  }
  records.push_back(PutTombstone{
      Tombstone{attachment, started_at, now + policy_.tombstone_life}});
  return records;
}

Records Pool::DecideAbandon(const base::Attachment& attachment) const {
  const Address* row = Find(attachment);
  if (row == nullptr || row->lease->phase == Phase::kDetaching) return {};
  return {Detaching(*row)};
}

Records Pool::DecideDetached(const base::Attachment& attachment,
                             absl::Time now) const {
  const Address* row = Find(attachment);
  if (row == nullptr || row->lease->phase != Phase::kDetaching) return {};
  return {PutAddress{Cooling(*row, now, policy_.cooldown)}};
}

Records Pool::DecideForeign(const base::Attachment& attachment,
                            absl::Time now) const {
  const Address* row = Find(attachment);
  if (row == nullptr || row->lease->phase != Phase::kDetaching) return {};
  return {PutAddress{In(State::kQuarantined, *row, now)}};
}

Records Pool::DecideVacant(const std::vector<base::Ipv4>& vacant,
                           absl::Time now) const {
  Records records;
  for (const base::Ipv4 ip : vacant) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kQuarantined) continue;
    if (row->until != absl::InfiniteFuture()) continue;  // to be given back
    records.push_back(PutAddress{Cooling(*row, now, policy_.cooldown)});
  }
  return records;
}

Records Pool::DecideReboot(absl::Time now) const {
  Records records;
  for (const auto& [attachment, ip] : leased_) {
    records.push_back(
        PutAddress{Cooling(addresses_.at(ip), now, policy_.cooldown)});
  }
  for (const auto& [attachment, grave] : tombstones_) {
    records.push_back(DropTombstone{attachment});
  }
  return records;
}

Records Pool::DecideTick(absl::Time now) const {
  Records records = DecideRested(Resting(now, cooling_.size()), now);
  for (Record& record : DecideExpire(now)) {
    records.push_back(std::move(record));
  }
  return records;
}

Records Pool::DecideExpire(absl::Time now) const {
  Records records;
  for (const auto& [expires, attachment] : tombstone_queue_) {
    if (expires > now) break;
    records.push_back(DropTombstone{*attachment});
  }
  return records;
}

Records Pool::DecideRested(const std::vector<base::Ipv4>& ips,
                           absl::Time now) const {
  Records records;
  for (const base::Ipv4 ip : ips) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kCooling) continue;
    Address warm = In(State::kWarm, *row, now);
    ++warm.recycled;
    records.push_back(PutAddress{std::move(warm)});
  }
  return records;
}

Records Pool::DecideRestUntil(const std::vector<base::Ipv4>& ips,
                              absl::Time until) const {
  Records records;
  for (const base::Ipv4 ip : ips) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kCooling) continue;
    Address longer = *row;
    longer.until = until;
    records.push_back(PutAddress{std::move(longer)});
  }
  return records;
}

Records Pool::DecideNoLonger(absl::Duration hold, absl::Time now) const {
  Records records;
  const auto shorten = [&](const Queue& queue, absl::Time latest) {
    for (auto it = queue.rbegin(); it != queue.rend(); ++it) {
      if (it->first <= latest) break;
      Address sooner = addresses_.at(it->second);
      sooner.until = latest;
      records.push_back(PutAddress{std::move(sooner)});
    }
  };
  shorten(cooling_, now + policy_.cooldown);
  shorten(held_, now + hold);
  return records;
}

absl::Time Pool::deadline() const {
  return std::min(next_warm(), next_expiry());
}

absl::Time Pool::next_expiry() const {
  return tombstone_queue_.empty() ? absl::InfiniteFuture()
                                  : tombstone_queue_.begin()->first;
}

absl::Time Pool::next_warm() const {
  return cooling_.empty() ? absl::InfiniteFuture() : cooling_.begin()->first;
}

absl::Time Pool::next_held() const {
  return held_.empty() ? absl::InfiniteFuture() : held_.begin()->first;
}

std::vector<base::Ipv4> Pool::Resting(absl::Time until, size_t most) const {
  std::vector<base::Ipv4> ips;
  for (const auto& [over, ip] : cooling_) {
    if (over > until || ips.size() >= most) break;
    ips.push_back(ip);
  }
  return ips;
}

std::vector<base::Ipv4> Pool::Held(absl::Time now) const {
  std::vector<base::Ipv4> ips;
  for (const auto& [over, ip] : held_) {
    if (over > now) break;
    ips.push_back(ip);
  }
  return ips;
}

std::vector<Lease> Pool::NotIn(const std::string& network,
                               const std::set<base::Attachment>& valid) const {
  std::vector<Lease> leases;
  for (const auto& [ip, row] : addresses_) {
    if (!row.lease || row.lease->attachment.network != network) continue;
    if (!valid.contains(row.lease->attachment)) leases.push_back(*row.lease);
  }
  return leases;
}

struct Pool::ApplyTo {
  Pool* pool;

  void operator()(const PutAddress& r) const { pool->Put(r.row); }
  void operator()(const DropAddress& r) const { pool->Drop(r.ip); }
  void operator()(const PutTombstone& r) const {
    (*this)(DropTombstone{r.row.attachment});
    const auto [it, added] = pool->tombstones_.emplace(
        r.row.attachment, Grave{r.row.buried_at, r.row.expires});
    pool->tombstone_queue_.emplace(it->second.expires, &it->first);
  }
  void operator()(const DropTombstone& r) const {
    const auto it = pool->tombstones_.find(r.attachment);
    if (it == pool->tombstones_.end()) return;
    pool->tombstone_queue_.erase({it->second.expires, &it->first});
    pool->tombstones_.erase(it);
  }
  void operator()(const OpenIntent& r) const {
    pool->intents_.insert_or_assign(r.row.id, r.row);
    pool->last_intent_ = std::max(pool->last_intent_, r.row.id);
  }
  void operator()(const CloseIntent& r) const { pool->intents_.erase(r.id); }
};

void Pool::Apply(const Record& record) { std::visit(ApplyTo{this}, record); }

void Pool::Apply(const Records& records) {
  for (const Record& record : records) Apply(record);
}

void Pool::Put(const Address& row) {
  CHECK((row.state == State::kLeased) == row.lease.has_value());
  CHECK(row.state != State::kFixed || row.tenant.has_value());
  Drop(row.ip);
  if (row.lease) {
    const bool sole = leased_.emplace(row.lease->attachment, row.ip).second;
    CHECK(sole);
    static_cast<void>(sole);
  }
  if (row.state == State::kWarm) warm_.emplace(row.since, row.ip);
  if (row.state == State::kCooling) cooling_.emplace(row.until, row.ip);
  if (row.state == State::kQuarantined && row.until < absl::InfiniteFuture()) {
    held_.emplace(row.until, row.ip);
  }
  ++counts_.of(row.state);
  addresses_.emplace(row.ip, row);
}

void Pool::Drop(base::Ipv4 ip) {
  const auto it = addresses_.find(ip);
  if (it == addresses_.end()) return;
  const Address& old = it->second;
  if (old.lease) leased_.erase(old.lease->attachment);
  warm_.erase({old.since, ip});
  cooling_.erase({old.until, ip});
  held_.erase({old.until, ip});
  --counts_.of(old.state);
  addresses_.erase(it);
}

int& Counts::of(State state) {
  switch (state) {
    case State::kFresh:
      return fresh;
    case State::kWarm:
      return warm;
    case State::kLeased:
      return leased;
    case State::kCooling:
      return cooling;
    case State::kQuarantined:
      return quarantined;
    case State::kReleasing:
      return releasing;
    case State::kPopped:
      return popped;
    case State::kLeaving:
      return leaving;
    case State::kArriving:
      return arriving;
    case State::kFixed:
      return fixed;
  }
  return quarantined;
}

const Address* Pool::Find(base::Ipv4 ip) const {
  const auto it = addresses_.find(ip);
  return it == addresses_.end() ? nullptr : &it->second;
}

const Address* Pool::Find(const base::Attachment& attachment) const {
  const auto it = leased_.find(attachment);
  return it == leased_.end() ? nullptr : &addresses_.at(it->second);
}

Counts Pool::counts() const { return counts_; }

absl::Status Dry(const Pool& pool, const std::string& subnet,
                 const absl::Status& cause, absl::Time now) {
  const Counts counts = pool.counts();
  std::string message = absl::StrCat(
      "no address for the pod: ", cause.message(), " (pool of subnet ", subnet,
      ": ", counts.leased, " leased, ", counts.cooling, " cooling");
  if (counts.cooling > 0) {
    const absl::Duration wait =
        std::max(absl::ZeroDuration(), pool.next_warm() - now);
    absl::StrAppend(&message, ", the first is free in ",
                    absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1))));
  }
  absl::StrAppend(&message, ")");
  const bool full = cause.code() == absl::StatusCode::kResourceExhausted;
  return full && counts.cooling == 0 ? absl::ResourceExhaustedError(message)
                                     : absl::UnavailableError(message);
}

}  // namespace pool
