#include "vpc/ucloud/credentials_renewal.h"

#include <algorithm>
#include <utility>

namespace vpc::ucloud {

absl::Time RenewAt(const Keys& keys, absl::Time asked, double jitter) {
  if (keys.expires == absl::InfiniteFuture()) return keys.expires;
  const absl::Duration life = keys.expires - asked;
  return asked +
         std::max(life * (kRenewAfter + kRenewSpread * jitter), kRenewPause);
}

Renewal::Step Renewal::Next(absl::Time now) const {
  const bool usable = Usable(now);
  if (Pauses(now)) return usable ? Step::kUse : Step::kFail;
  if (!usable || refused_) return Step::kWait;
  return now < renew_at_ ? Step::kUse : Step::kRenew;
}

void Renewal::Take(absl::StatusOr<Keys> keys, absl::Time asked, absl::Time now,
                   double jitter) {
  const bool refused = std::exchange(refused_, false);
  taken_at_ = now;
  if (keys.ok() && keys->expires <= now) {
    keys = absl::UnavailableError(
        "temporary keys that have expired already; is the clock right?");
  }
  if (!keys.ok()) {
    failure_ = keys.status();
    pause_until_ = now + kRetryPause * (1 + jitter);
    return;
  }
  keys_ = *std::move(keys);
  // The first refusal is heeded at once, however new the keys are.
  pause_until_ = refused ? std::min(now + kRenewPause, keys_->expires)
                         : absl::InfinitePast();
  renew_at_ = RenewAt(*keys_, asked, jitter);
}

void Renewal::Refused(const Keys& used) {
  if (keys_ && SameKeys(*keys_, used)) refused_ = true;
}

absl::StatusOr<Keys> Renewal::answer(absl::Time now) const {
  if (Usable(now)) return *keys_;
  return failure_;
}

}  // namespace vpc::ucloud
