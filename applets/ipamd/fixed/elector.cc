#include "applets/ipamd/fixed/elector.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"

namespace applets::ipamd::fixed {

Elector::Elector(ElectorOptions options, absl::BitGenRef random)
    : options_(std::move(options)), random_(random) {}

// After an error, too: so many ask that none must ask often.
absl::Duration Elector::Pause() {
  const absl::Duration pause = interested_ ? options_.look : options_.look_idly;
  return pause * absl::Uniform(random_, 1.0, 1.5);
}

bool Elector::IsStale(absl::Duration now) const {
  return lease_.holder.empty() || now - seen_at_ >= options_.duration;
}

kube::Lease Elector::Mine(absl::Time wall) const {
  kube::Lease lease = lease_;
  lease.meta.key = options_.key;
  if (lease.holder != options_.identity) {
    lease.acquired = wall;
    lease.transitions = exists_ ? lease_.transitions + 1 : 0;
  }
  lease.holder = options_.identity;
  lease.duration = options_.duration;
  lease.renewed = wall;
  return lease;
}

std::optional<Elector::Call> Elector::Next(absl::Duration now,
                                           absl::Time wall) {
  if (busy_ || now < next_at_) return std::nullopt;
  busy_ = true;
  sent_at_ = now;
  if (!looked_) return Look{};
  return exists_ ? Call(Write{Mine(wall)}) : Call(Make{Mine(wall)});
}

void Elector::OnLooked(const absl::StatusOr<std::optional<kube::Lease>>& lease,
                       absl::Duration now) {
  busy_ = false;
  looked_ = false;
  next_at_ = now + Pause();
  if (!lease.ok()) return;
  exists_ = lease->has_value();
  const kube::Lease seen = exists_ ? **lease : kube::Lease();
  if (seen.meta.resource_version != lease_.meta.resource_version) {
    seen_at_ = now;
  }
  lease_ = seen;
  // One that was ours, before a restart, is so again.
  const bool ours = exists_ && lease_.holder == options_.identity;
  if (exists_ && !ours && !IsStale(now)) return;
  looked_ = true;
  next_at_ = now;
}

void Elector::OnWritten(const absl::StatusOr<kube::Lease>& lease,
                        absl::Duration now) {
  busy_ = false;
  if (lease.ok()) {
    lease_ = *lease;
    exists_ = true;
    seen_at_ = now;
    // Counted from before it was sent.
    leads_until_ = sent_at_ + options_.patience;
    next_at_ = sent_at_ + options_.renew;
    looked_ = true;
    return;
  }
  // Somebody else was first, or nobody knows.
  looked_ = false;
  const bool lost = absl::IsAborted(lease.status()) ||
                    absl::IsAlreadyExists(lease.status()) ||
                    absl::IsNotFound(lease.status());
  if (lost) leads_until_ = -absl::InfiniteDuration();
  next_at_ = Leads(now) ? now + options_.renew / 5 : now + Pause();
}

void Elector::SetInterest(bool interested, absl::Duration now) {
  if (interested && !interested_ && !Leads(now)) {
    next_at_ = std::min(next_at_,
                        now + options_.look * absl::Uniform(random_, 0.0, 1.0));
  }
  interested_ = interested;
}

std::optional<Elector::Write> Elector::Resign(absl::Time wall) {
  if (leads_until_ == -absl::InfiniteDuration() || !exists_ ||
      lease_.holder != options_.identity) {
    return std::nullopt;
  }
  leads_until_ = -absl::InfiniteDuration();
  kube::Lease lease = Mine(wall);
  lease.holder.clear();
  lease.duration = absl::Seconds(1);
  return Write{std::move(lease)};
}

absl::Duration Elector::deadline() const {
  const absl::Duration next = busy_ ? absl::InfiniteDuration() : next_at_;
  if (leads_until_ == -absl::InfiniteDuration()) return next;
  return std::min(next, leads_until_);
}

}  // namespace applets::ipamd::fixed
