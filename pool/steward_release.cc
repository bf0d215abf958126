#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "pool/outcome.h"
#include "pool/steward.h"

// What becomes of addresses that nobody needs: they rest after their pods, and
// those above the high watermark go back to the VPC.
namespace pool {

using base::Ipv4;

// --- back to the VPC

void Steward::Trim(absl::Time now) {
  const Plan plan = PlanNow();
  if (plan.release <= 0) {
    trim_at_ = absl::InfiniteFuture();
    return;
  }
  if (trim_at_ == absl::InfiniteFuture()) {
    trim_at_ = now + options_.trim_delay * absl::Uniform(random_, 1.0, 1.5);
  }
  if (now < trim_at_ || HasReleases()) return;
  auto [intent, records] = pool_.DecideRelease(
      std::min(plan.release, kMaxRelease), options_.subnet, now);
  OpenRelease(intent, records, now);
}

// Addresses in conflict have been kept for long enough.
void Steward::Free(absl::Time now) {
  const std::vector<Ipv4> held = pool_.Held(now);
  if (held.empty()) return;
  auto [intent, records] = pool_.DecideReleaseOf(held, options_.subnet, now);
  OpenRelease(intent, records, now);
}

void Steward::OpenRelease(const Intent& intent, const Records& records,
                          absl::Time now) {
  if (records.empty() || !Store(records, now)) return;
  for (const Ipv4 ip : intent.addresses) Say(Reason::kReleasing, ip, "");
}

bool Steward::HasReleases() const {
  return std::any_of(
      pool_.intents().begin(), pool_.intents().end(),
      [](const auto& e) { return e.second.kind == Intent::Kind::kRelease; });
}

void Steward::ContinueReleases(absl::Time now) {
  if (!releasing_.IsFree(now) || allocating_.busy) return;
  for (const auto& [id, intent] : pool_.intents()) {
    if (intent.kind != Intent::Kind::kRelease) continue;
    for (const Ipv4 ip : intent.addresses) {
      const auto not_before = release_not_before_.find(ip);
      if (not_before != release_not_before_.end() && now < not_before->second) {
        continue;
      }
      releasing_.busy = true;
      actions_.push_back(CallRelease{id, ip});
      return;
    }
  }
}

Actions Steward::OnReleased(int64_t intent_id, Ipv4 ip,
                            const absl::Status& status, absl::Time now) {
  releasing_.busy = false;
  if (status.ok()) {
    Succeed(releasing_);
    FinishRelease(intent_id, ip, now);
  } else {
    BackOff(releasing_, now);
    release_not_before_[ip] = releasing_.paused_until;
    if (MayBeDone(status)) doubtful_until_[ip] = now + options_.latest_effect;
    Say(ReasonOf(status), ip, absl::StrCat("release: ", status.message()),
        releasing_.paused_until);
  }
  Proceed(now);
  return Take();
}

void Steward::FinishRelease(int64_t intent_id, Ipv4 ip, absl::Time now) {
  const auto doubtful = doubtful_until_.find(ip);
  if (doubtful != doubtful_until_.end() && now < doubtful->second) {
    release_not_before_[ip] = doubtful->second;  // once more, to be sure
    return;
  }
  if (!Store(pool_.DecideReleased(intent_id, ip), now)) return;
  doubtful_until_.erase(ip);
  release_not_before_.erase(ip);
  audit_.Forget(ip);
  Say(Reason::kReleased, ip, "");
}

// --- cooling

// An earlier run may have gone by another clock, since set back: what rests
// begins to do so now.
void Steward::CheckClock(absl::Time now) {
  if (clock_checked_) return;
  const absl::Duration hold =
      std::max(options_.conflict_hold, pool_.policy().loss_hold);
  clock_checked_ = Store(pool_.DecideNoLonger(hold, now), now);
}

void Steward::Expire(absl::Time now) {
  CheckClock(now);
  // What could not be stored is probed again.
  for (const Ipv4 ip : std::exchange(unadmitted_, {})) Probe(ip);
  if (pool_.next_expiry() <= now) Store(pool_.DecideExpire(now), now);
  if (looking_at_flows_ || NextLook() > now) return;
  looking_at_flows_ = true;
  actions_.push_back(LookAtFlows{pool_.Resting(now, kMaxLook)});
}

absl::Time Steward::NextLook() const {
  if (waiting_ > 0) return pool_.next_warm();
  return std::max(pool_.next_warm(), look_again_at_);
}

Actions Steward::OnFlows(const std::vector<Ipv4>& asked,
                         const absl::StatusOr<std::set<Ipv4>>& busy,
                         absl::Time now) {
  looking_at_flows_ = false;
  look_again_at_ = now + kLookPause;
  std::vector<Ipv4> rested;
  std::vector<Ipv4> early;
  std::vector<Ipv4> longer;
  for (const Ipv4 ip : asked) {
    const Address* row = pool_.Find(ip);
    if (row == nullptr || row->state != State::kCooling) continue;
    const bool over = row->until <= now;
    const bool in_use = busy.ok() && busy->contains(ip) &&
                        now < row->since + options_.max_cooldown;
    // Before another pod gets what was somebody else's it is asked for again.
    if (over && lost_.contains(ip)) to_claim_.insert(ip);
    const bool is_doubted = IsDoubted(ip);
    if (over && (in_use || is_doubted)) {
      longer.push_back(ip);
    } else if (over) {
      rested.push_back(ip);
    } else if (busy.ok() && !busy->contains(ip) && !is_doubted) {
      early.push_back(ip);
    }
  }
  Warm(rested, Reason::kWarm, now);
  Warm(early, Reason::kCooldownEnded, now);
  Rest(longer, now);
  Proceed(now);
  return Take();
}

// Whether it may not be ours any more, or may not stay so.
bool Steward::IsDoubted(Ipv4 ip) const {
  return to_claim_.contains(ip) || unclaimed_.contains(ip) ||
         lost_.contains(ip) || unproven_.contains(ip);
}

void Steward::Warm(const std::vector<Ipv4>& ips, Reason reason,
                   absl::Time now) {
  if (ips.empty() || !Store(pool_.DecideRested(ips, now), now)) return;
  for (const Ipv4 ip : ips) Say(reason, ip, "");
}

void Steward::Rest(const std::vector<Ipv4>& ips, absl::Time now) {
  const absl::Time until = now + std::max(pool_.policy().cooldown, kSoon);
  if (ips.empty() || !Store(pool_.DecideRestUntil(ips, until), now)) return;
  for (const Ipv4 ip : ips) Say(Reason::kCooldownExtended, ip, "", until);
}

}  // namespace pool
