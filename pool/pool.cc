#include "pool/pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace pool {
namespace {

Address In(State state, Address row, absl::Time now) {
  row.state = state;
  row.since = now;
  row.until = absl::InfiniteFuture();
  row.lease.reset();
  return row;
}

Address Cooling(Address row, absl::Time now, absl::Duration cooldown) {
  row = In(State::kCooling, std::move(row), now);
  row.until = now + cooldown;
  return row;
}

}  // namespace

absl::StatusOr<Grant> Pool::DecideAcquire(const Wish& wish,
                                          absl::Time now) const {
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
  Records records;
  for (const auto& [until, ip] : cooling_) {
    if (until > now) break;
    Address row = In(State::kWarm, addresses_.at(ip), now);
    ++row.recycled;
    records.push_back(PutAddress{std::move(row)});
  }
  for (const auto& [expires, attachment] : tombstone_queue_) {
    if (expires > now) break;
    records.push_back(DropTombstone{attachment});
  }
  return records;
}

absl::Time Pool::deadline() const {
  absl::Time next = next_warm();
  if (!tombstone_queue_.empty()) {
    next = std::min(next, tombstone_queue_.begin()->first);
  }
  return next;
}

absl::Time Pool::next_warm() const {
  return cooling_.empty() ? absl::InfiniteFuture() : cooling_.begin()->first;
}

std::pair<Intent, Records> Pool::DecideAllocate(int count,
                                                const std::string& subnet,
                                                absl::Time now) const {
  Intent intent{
      last_intent_ + 1, Intent::Kind::kAllocate, subnet, count, {}, now};
  return {intent, {OpenIntent{intent}}};
}

Records Pool::DecideAllocated(const Intent& intent,
                              const std::vector<base::Ipv4>& given,
                              absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : given) {
    if (Find(ip) != nullptr) continue;
    records.push_back(PutAddress{
        In(State::kWarm, Address{.ip = ip, .subnet = intent.subnet}, now)});
  }
  return records;
}

Records Pool::DecideAdopt(const std::vector<base::Ipv4>& found,
                          const std::string& subnet, absl::Time now) const {
  Records records;
  for (const base::Ipv4 ip : found) {
    if (Find(ip) != nullptr) continue;
    records.push_back(PutAddress{
        Cooling(Address{.ip = ip, .subnet = subnet}, now, policy_.cooldown)});
  }
  return records;
}

Records Pool::DecideRestore(base::Ipv4 ip, const std::string& subnet,
                            Lease lease, absl::Time now) const {
  Address row = In(State::kLeased, Address{.ip = ip, .subnet = subnet}, now);
  row.lease = std::move(lease);
  return {PutAddress{std::move(row)}};
}

std::pair<Intent, Records> Pool::DecideRelease(int count,
                                               const std::string& subnet,
                                               absl::Time now) const {
  Intent intent{last_intent_ + 1, Intent::Kind::kRelease, subnet, 0, {}, now};
  Records records;
  for (const auto& [since, ip] : warm_) {
    if (static_cast<int>(intent.addresses.size()) >= count) break;
    const Address& row = addresses_.at(ip);
    if (row.subnet != subnet) continue;
    intent.addresses.push_back(ip);
    records.push_back(PutAddress{In(State::kReleasing, row, now)});
  }
  if (!records.empty()) records.push_back(OpenIntent{intent});
  return {intent, records};
}

Records Pool::DecideReleased(const Intent& intent) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    records.push_back(DropAddress{ip});
  }
  return records;
}

Records Pool::DecideKept(const Intent& intent, absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kReleasing) continue;
    records.push_back(PutAddress{In(State::kWarm, *row, now)});
  }
  return records;
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
    pool->tombstones_.emplace(r.row.attachment, r.row);
    pool->tombstone_queue_.emplace(r.row.expires, r.row.attachment);
  }
  void operator()(const DropTombstone& r) const {
    const auto it = pool->tombstones_.find(r.attachment);
    if (it == pool->tombstones_.end()) return;
    pool->tombstone_queue_.erase({it->second.expires, r.attachment});
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
  Drop(row.ip);
  if (row.lease) {
    const bool sole = leased_.emplace(row.lease->attachment, row.ip).second;
    CHECK(sole);
    static_cast<void>(sole);
  }
  if (row.state == State::kWarm) warm_.emplace(row.since, row.ip);
  if (row.state == State::kCooling) cooling_.emplace(row.until, row.ip);
  ++*CountOf(row.state);
  addresses_.emplace(row.ip, row);
}

void Pool::Drop(base::Ipv4 ip) {
  const auto it = addresses_.find(ip);
  if (it == addresses_.end()) return;
  const Address& old = it->second;
  if (old.lease) leased_.erase(old.lease->attachment);
  warm_.erase({old.since, ip});
  cooling_.erase({old.until, ip});
  --*CountOf(old.state);
  addresses_.erase(it);
}

int* Pool::CountOf(State state) {
  switch (state) {
    case State::kFresh:
      return &counts_.fresh;
    case State::kWarm:
      return &counts_.warm;
    case State::kLeased:
      return &counts_.leased;
    case State::kCooling:
      return &counts_.cooling;
    case State::kQuarantined:
      return &counts_.quarantined;
    case State::kReleasing:
      return &counts_.releasing;
  }
  return &counts_.quarantined;
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
