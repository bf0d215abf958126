#include "applets/ipamd/fixed/landlord.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace applets::ipamd::fixed {
namespace {

using pool::Reason;
using pool::State;

kube::ObjectKey ClaimOf(const pool::Tenant& tenant) {
  return {tenant.name_space, tenant.name};
}

bool HasOurFinalizer(const kube::VpcIpClaim& claim) {
  const auto& finalizers = claim.meta.finalizers;
  return std::find(finalizers.begin(), finalizers.end(),
                   kube::kClaimFinalizer) != finalizers.end();
}

}  // namespace

Landlord::Landlord(const pool::Pool& pool, pool::Commit commit,
                   std::function<bool(const kube::ObjectKey&)> is_busy)
    : pool_(pool), commit_(std::move(commit)), is_busy_(std::move(is_busy)) {}

void Landlord::OnClaims(std::vector<Change> changes, bool complete) {
  for (Change& change : changes) {
    free_at_.erase(change.key);
    if (change.claim) {
      claims_.insert_or_assign(change.key, *std::move(change.claim));
    } else {
      claims_.erase(change.key);
    }
  }
  complete_ |= complete;
}

const kube::VpcIpClaim* Landlord::Find(const pool::Tenant& tenant) const {
  const auto it = claims_.find(ClaimOf(tenant));
  if (it == claims_.end() || it->second.meta.uid != tenant.claim_uid) {
    return nullptr;
  }
  return &it->second;
}

std::optional<Landlord::Call> Landlord::Next(absl::Time now) {
  deadline_ = absl::InfiniteFuture();
  if (!IsDue(retry_at_, now)) return std::nullopt;
  CloseOldTakes(now);
  std::optional<Call> call;
  // What is decided about one changes the pool.
  std::vector<pool::Address> fixed;
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.state == State::kFixed) fixed.push_back(row);
  }
  for (const pool::Address& row : fixed) {
    if (!call) call = LookAfter(row, now);
  }
  if (!call) call = FreeClaims(now);
  if (call) calling_ = true;
  return call;
}

// Whether it is time; else it is part of the deadline.
bool Landlord::IsDue(absl::Time at, absl::Time now) {
  if (at <= now) return true;
  deadline_ = std::min(deadline_, at);
  return false;
}

void Landlord::CloseOldTakes(absl::Time now) {
  std::vector<pool::Intent> over;
  for (const auto& [id, intent] : pool_.intents()) {
    if (intent.kind != pool::Intent::Kind::kFix) continue;
    const auto tenant = pool::TenantOf(intent.key);
    if (tenant && is_busy_(ClaimOf(*tenant))) continue;
    if (IsDue(intent.opened_at + kAftermath, now)) over.push_back(intent);
  }
  for (const pool::Intent& intent : over) {
    Store(pool_.DecideUntaken(intent), now);
  }
}

std::optional<Landlord::Call> Landlord::LookAfter(const pool::Address& row,
                                                  absl::Time now) {
  const kube::ObjectKey key = ClaimOf(*row.tenant);
  if (is_busy_(key)) return std::nullopt;
  const kube::VpcIpClaim* claim = Find(*row.tenant);
  if (claim != nullptr) {
    look_at_.erase(row.ip);
    if (claim->meta.deletion) Evict(row.ip, "its claim is deleted", now);
    return std::nullopt;
  }
  if (!complete_ || calling_) return std::nullopt;
  const bool unmade = row.tenant->claim_uid.empty();
  const auto looked = look_at_.find(row.ip);
  const absl::Time at = looked != look_at_.end()
                            ? looked->second
                            : row.since + (unmade ? kUnmade : kFirstLook);
  if (!IsDue(at, now)) return std::nullopt;
  return ReadClaim{key};
}

void Landlord::OnRead(
    const kube::ObjectKey& key,
    const absl::StatusOr<std::optional<kube::VpcIpClaim>>& claim,
    absl::Time now) {
  calling_ = false;
  const pool::Address* row = pool_.FindTenant({key.name_space, key.name});
  if (row == nullptr || row->state != State::kFixed || is_busy_(key)) return;
  const base::Ipv4 ip = row->ip;
  look_at_[ip] = now + (claim.ok() ? kLook : kRetry);
  if (!claim.ok()) return;
  const kube::VpcIpClaim* found = claim->has_value() ? &**claim : nullptr;
  if (row->tenant->claim_uid.empty()) {
    const bool made = found != nullptr && found->ip == ip;
    const pool::Tenant tenant = {key.name_space, key.name,
                                 made ? found->meta.uid : ""};
    if (made) {
      Store(pool_.DecideReserve(ip, tenant, now).value_or(pool::Records()),
            now);
    } else {
      Store(pool_.DecideUnfix(ip, now), now);
    }
  } else if (found == nullptr || found->meta.uid != row->tenant->claim_uid) {
    Evict(ip, "its claim is gone", now);
  } else if (found->meta.deletion) {
    // One that nobody has marked as this node's.
    claims_.insert_or_assign(key, *found);
  }
}

std::optional<Landlord::Call> Landlord::FreeClaims(absl::Time now) {
  if (calling_) return std::nullopt;
  for (const auto& [key, claim] : claims_) {
    if (!claim.meta.deletion || !HasOurFinalizer(claim)) continue;
    if (is_busy_(key) || !IsDone(claim)) continue;
    const auto at = free_at_.find(key);
    if (at != free_at_.end() && !IsDue(at->second, now)) continue;
    return Unfinalize{key, claim.meta.uid};
  }
  return std::nullopt;
}

// Neither has the pod the address, nor is it on its way here, or back.
bool Landlord::IsDone(const kube::VpcIpClaim& claim) const {
  const pool::Address* row = pool_.Find(claim.ip);
  if (row == nullptr) return true;
  if (row->state == State::kReleasing || pool_.FindTake(claim.ip) != nullptr) {
    return false;
  }
  return !row->tenant || row->tenant->claim_uid != claim.meta.uid;
}

void Landlord::OnFreed(const kube::ObjectKey& key, const absl::Status& status,
                       absl::Time now) {
  calling_ = false;
  if (status.ok() || absl::IsNotFound(status)) {
    claims_.erase(key);
    free_at_.erase(key);
  } else {
    free_at_[key] = now + kRetry;
  }
}

void Landlord::Evict(base::Ipv4 ip, std::string why, absl::Time now) {
  look_at_.erase(ip);
  notes_.push_back({Reason::kFixedReleased, ip, std::move(why)});
  Store(pool_.DecideEvict(ip, now).second, now);
}

void Landlord::Store(const pool::Records& records, absl::Time now) {
  if (records.empty()) return;
  if (commit_(records).ok()) {
    changed_ = true;
  } else {
    retry_at_ = now + kRetry;
    deadline_ = std::min(deadline_, retry_at_);
  }
}

}  // namespace applets::ipamd::fixed
