#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "pool/pool.h"

// What the pool decides about addresses that are fixed to a pod.
namespace pool {
namespace {

bool IsSame(const Tenant& a, const Tenant& b) {
  return a.name_space == b.name_space && a.name == b.name;
}

Address FixedTo(const Tenant& tenant, Address row, absl::Time now) {
  row.tenant = tenant;
  return In(State::kFixed, std::move(row), now);
}

// As shifts do, these count downwards.
int64_t NextTake(const std::map<int64_t, Intent>& intents) {
  const int64_t lowest = intents.empty() ? 0 : intents.begin()->first;
  return std::min<int64_t>(lowest, 0) - 1;
}

absl::Status IsElse(const Address& row) {
  return absl::FailedPreconditionError(absl::StrCat(
      row.ip.ToString(), " is ", NameOf(row.state), " on this node",
      row.tenant ? " for " : "", row.tenant ? KeyOf(*row.tenant) : ""));
}

}  // namespace

absl::StatusOr<Grant> Pool::DecideFix(const Tenant& tenant,
                                      absl::Time now) const {
  if (warm_.empty()) return absl::ResourceExhaustedError("no warm address");
  const Address row =
      FixedTo(tenant, addresses_.at(warm_.begin()->second), now);
  return Grant{row, {PutAddress{row}}};
}

absl::StatusOr<Records> Pool::DecideReserve(base::Ipv4 ip, const Tenant& tenant,
                                            absl::Time now) const {
  const Address* row = Find(ip);
  if (row == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(ip.ToString(), " isn't this node's"));
  }
  const bool free = row->state == State::kWarm ||
                    row->state == State::kCooling ||
                    row->state == State::kPopped;
  const bool kept = row->state == State::kFixed && IsSame(*row->tenant, tenant);
  if (!free && !kept) return IsElse(*row);
  if (kept && *row->tenant == tenant) return Records();
  return Records{PutAddress{FixedTo(tenant, *row, now)}};
}

Records Pool::DecideUnfix(base::Ipv4 ip, absl::Time now) const {
  const Address* row = Find(ip);
  if (row == nullptr || !row->tenant) return {};
  Address free = *row;
  free.tenant.reset();
  if (row->state == State::kFixed) {
    return {PutAddress{Cooling(std::move(free), now, policy_.cooldown)}};
  }
  return {PutAddress{std::move(free)}};
}

std::pair<Intent, Records> Pool::DecideEvict(base::Ipv4 ip,
                                             absl::Time now) const {
  Intent intent{.id = last_intent_ + 1,
                .kind = Intent::Kind::kRelease,
                .addresses = {ip},
                .opened_at = now};
  const Address* row = Find(ip);
  if (row == nullptr || row->state != State::kFixed) return {intent, {}};
  intent.subnet = row->subnet;
  return {intent,
          {PutAddress{In(State::kReleasing, *row, now)}, OpenIntent{intent}}};
}

absl::StatusOr<Grant> Pool::DecideAcquireFixed(const Wish& wish, base::Ipv4 ip,
                                               absl::Time now) const {
  RETURN_IF_ERROR(CheckAlive(wish));
  if (Find(wish.attachment) != nullptr) return DecideAcquire(wish, now);
  const Address* row = Find(ip);
  if (row == nullptr || !row->tenant || !row->tenant->IsFor(wish.pod)) {
    return absl::NotFoundError(
        absl::StrCat(ip.ToString(), " isn't the pod's any more"));
  }
  if (row->state != State::kFixed) {
    return absl::UnavailableError(absl::StrCat(
        ip.ToString(), ", the pod's, is ", NameOf(row->state), "; try again"));
  }
  Address granted = In(State::kLeased, *row, now);
  granted.lease =
      Lease{wish.attachment,   wish.pod, wish.netns,     wish.host_ifname,
            Phase::kAttaching, now,      wish.started_at};
  return Grant{granted, {PutAddress{granted}}};
}

absl::StatusOr<std::pair<Intent, Records>> Pool::DecideTake(
    base::Ipv4 ip, const Tenant& tenant, const std::string& subnet,
    absl::Time now) const {
  const Address* row = Find(ip);
  const Intent* before = FindTake(ip);
  const bool kept = row != nullptr && row->state == State::kFixed &&
                    IsSame(*row->tenant, tenant);
  if (row != nullptr && !kept && before == nullptr) return IsElse(*row);
  Intent intent{.id = before != nullptr ? before->id : NextTake(intents_),
                .kind = Intent::Kind::kFix,
                .subnet = subnet,
                .addresses = {ip},
                .opened_at = now,
                .key = KeyOf(tenant)};
  const Address taken{.ip = ip, .subnet = subnet};
  return std::pair<Intent, Records>{
      intent,
      {OpenIntent{intent}, PutAddress{In(State::kArriving, taken, now)}}};
}

Records Pool::DecideTaken(const Intent& intent, absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  const std::optional<Tenant> tenant = TenantOf(intent.key);
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kArriving || !tenant) continue;
    records.push_back(PutAddress{FixedTo(*tenant, *row, now)});
  }
  return records;
}

Records Pool::DecideUntaken(const Intent& intent) const {
  return DecideUnborrowed(intent);
}

const Intent* Pool::FindTake(base::Ipv4 ip) const {
  for (const auto& [id, intent] : intents_) {
    if (intent.kind != Intent::Kind::kFix) continue;
    if (intent.addresses == std::vector<base::Ipv4>{ip}) return &intent;
  }
  return nullptr;
}

const Address* Pool::FindTenant(const Tenant& tenant) const {
  for (const auto& [ip, row] : addresses_) {
    if (row.tenant && IsSame(*row.tenant, tenant)) return &row;
  }
  return nullptr;
}

}  // namespace pool
