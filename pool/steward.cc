#include "pool/steward.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "pool/outcome.h"

namespace pool {

using base::Ipv4;

Steward::Steward(const Pool& pool, Commit commit, StewardOptions options,
                 absl::BitGenRef random)
    : pool_(pool),
      commit_(std::move(commit)),
      options_(std::move(options)),
      random_(random),
      audit_(options_.settle, options_.latest_effect) {}

// --- events

Actions Steward::Start(bool needs_rebuild, absl::Time verified_at,
                       absl::Time now) {
  needs_rebuild_ = needs_rebuild;
  verified_at_ = std::min(verified_at, now);
  verify_at_ = now;
  for (const auto& [id, intent] : pool_.intents()) {
    if (intent.kind == Intent::Kind::kAllocate) ended_[id] = now;
    if (intent.kind != Intent::Kind::kRelease) continue;
    for (const Ipv4 ip : intent.addresses) {
      doubtful_until_[ip] = now + options_.latest_effect;
    }
  }
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.state == State::kFresh) Probe(ip);
  }
  Proceed(now);
  return Take();
}

Actions Steward::OnChange(int waiting, absl::Time now) {
  if (waiting > waiting_) looked_early_ = false;
  waiting_ = waiting;
  Proceed(now);
  return Take();
}

Actions Steward::OnTimer(absl::Time now) {
  Proceed(now);
  return Take();
}

void Steward::Proceed(absl::Time now) {
  now_ = now;
  if (now < store_retry_at_) return;
  if (needs_rebuild_) {
    if (!checking_.IsFree(now)) return;
    checking_.busy = true;
    actions_.push_back(CallList{});
    return;
  }
  Expire(now);
  Fill(now);
  Trim(now);
  Free(now);
  ContinueReleases(now);
  Compare(now);
  Help(now);
  const Counts counts = pool_.counts();
  filled_once_ |= counts.warm + counts.leased > 0 ||
                  (!allocating_.busy && counts.fresh == 0);
}

// --- from the VPC

// An ADD that waits is mostly that of a pod which is part of the demand.
Plan Steward::PlanNow() const {
  return PlanOf(options_.watermarks, pool_.counts(),
                std::max(waiting_, demand_), in_flight_);
}

void Steward::Fill(absl::Time now) {
  if (!allocating_.IsFree(now) || releasing_.busy) return;
  const Plan plan = PlanNow();
  const int needed = plan.allocate + wanted_;
  if (needed <= 0) return;
  const int count = std::min(needed, kMaxAllocation);
  auto [intent, records] = pool_.DecideAllocate(count, options_.subnet, now);
  if (!Store(records, now)) return;
  in_flight_ = count;
  wanted_ = 0;
  found_meanwhile_.clear();
  allocating_.busy = true;
  actions_.push_back(CallAllocate{std::move(intent), waiting_ > 0});
}

Actions Steward::OnAllocated(int64_t intent_id,
                             const absl::StatusOr<std::vector<Ipv4>>& given,
                             absl::Time now) {
  allocating_.busy = false;
  ended_[intent_id] = now;
  in_flight_ = 0;
  if (given.ok() && !given->empty()) {
    Succeed(allocating_);
    obstacle_ = absl::OkStatus();
    exhausted_since_ = absl::InfiniteFuture();
    TakeDelivery(intent_id, *given, now);
  } else {
    Refused(intent_id,
            given.ok() ? absl::ResourceExhaustedError(absl::StrCat(
                             "subnet ", options_.subnet, " gave no address"))
                       : given.status(),
            now);
  }
  Proceed(now);
  return Take();
}

void Steward::TakeDelivery(int64_t intent_id, const std::vector<Ipv4>& given,
                           absl::Time now) {
  const auto intent = pool_.intents().find(intent_id);
  if (intent == pool_.intents().end()) return;
  std::vector<Ipv4> news = given;
  std::erase_if(news,
                [this](Ipv4 ip) { return found_meanwhile_.contains(ip); });
  // If it can't be stored the intent stays open, and the list will tell.
  if (!Store(pool_.DecideAllocated(intent->second, news, now), now)) return;
  for (const Ipv4 ip : news) {
    audit_.Forget(ip);
    Say(Reason::kAllocated, ip, "");
    Probe(ip);
  }
}

void Steward::Refused(int64_t intent_id, const absl::Status& status,
                      absl::Time now) {
  const bool news = status.code() != obstacle_.code();
  obstacle_ = status;
  if (absl::IsResourceExhausted(status)) {
    exhausted_since_ = std::min(exhausted_since_, now);
    allocating_.paused_until = now + kInhibit;
  } else {
    exhausted_since_ = absl::InfiniteFuture();
    BackOff(allocating_, now);
  }
  if (news) {
    Say(ReasonOf(status), std::nullopt, std::string(status.message()),
        allocating_.paused_until);
  }
  if (MayBeDone(status)) {
    verify_at_ = std::min(verify_at_, now + kSoon);
  } else {
    Store({CloseIntent{intent_id}}, now);
  }
}

// --- probing

void Steward::Probe(Ipv4 ip) {
  const Address* row = pool_.Find(ip);
  if (row == nullptr || row->state != State::kFresh) return;
  if (probing_.insert(ip).second) actions_.push_back(StartProbe{ip});
}

Actions Steward::OnAdmitted(Ipv4 ip, absl::Time now) {
  probing_.erase(ip);
  if (Store(pool_.DecideAdmitted(ip, now), now)) {
    Say(Reason::kAdmitted, ip, "");
  } else {
    unadmitted_.insert(ip);
  }
  Proceed(now);
  return Take();
}

Actions Steward::OnConflict(Ipv4 ip, const std::string& other, absl::Time now) {
  probing_.erase(ip);
  const absl::Time until = now + options_.conflict_hold;
  if (Store(pool_.DecideConflict(ip, now, until), now)) {
    Say(Reason::kConflict, ip, absl::StrCat("used by ", other), until);
  } else {
    unadmitted_.insert(ip);
  }
  Proceed(now);
  return Take();
}

// --- ADDs that wait

void Steward::Help(absl::Time now) {
  if (waiting_ == 0) return;
  const Counts counts = pool_.counts();
  if (counts.warm > 0) {
    if (MayLease(now)) {
      actions_.push_back(Serve{});
    } else if (now < checking_.paused_until) {
      actions_.push_back(Serve{absl::UnavailableError(absl::StrCat(
          "the pool was compared with the VPC last ",
          verified_at_ == absl::InfinitePast()
              ? "never"
              : absl::StrCat(absl::FormatDuration(absl::Floor(
                                 now - verified_at_, absl::Seconds(1))),
                             " ago"),
          ", and the VPC doesn't answer"))});
    }
    return;
  }
  const bool may_come = in_flight_ > 0 || counts.fresh > 0 || borrowing_ ||
                        looking_at_flows_ || WillAskSoon(now);
  if (may_come) return;
  if (!looked_early_ && counts.cooling > 0) {
    looked_early_ = true;
    looking_at_flows_ = true;
    actions_.push_back(LookAtFlows{
        pool_.Resting(absl::InfiniteFuture(), static_cast<size_t>(waiting_))});
  } else if (options_.can_borrow && now >= borrow_again_at_ &&
             exhausted_since_ != absl::InfiniteFuture()) {
    borrowing_ = true;
    actions_.push_back(Borrow{waiting_});
  } else {
    looked_early_ = false;
    actions_.push_back(Serve{WhyNone(now)});
  }
}

// For an ADD that gets none: what the VPC said, and the other nodes.
absl::Status Steward::WhyNone(absl::Time now) const {
  const std::string others = unlent(now);
  if (obstacle_.ok() || others.empty()) return obstacle_;
  return {obstacle_.code(), absl::StrCat(obstacle_.message(), "; ", others)};
}

std::string Steward::unlent(absl::Time now) const {
  return now < borrow_again_at_ ? unlent_ : "";
}

Actions Steward::OnBorrowed(const absl::StatusOr<std::vector<Ipv4>>& came,
                            absl::Time now) {
  borrowing_ = false;
  if (came.ok()) {
    for (const Ipv4 ip : *came) {
      audit_.Forget(ip);
      Say(Reason::kBorrowed, ip, "");
      Probe(ip);
    }
  }
  if (!came.ok() || came->empty()) {
    borrow_again_at_ = now + kInhibit;
    unlent_ = absl::StrCat(
        "no other node lent an address: ",
        came.ok() ? "none has any to spare" : came.status().message());
    Say(Reason::kPoolDry, std::nullopt, unlent_, borrow_again_at_);
    // Whatever else is under way: with one hope after the other an ADD would
    // wait for ever.
    const Counts counts = pool_.counts();
    const bool is_dry = counts.warm == 0 && counts.fresh == 0;
    if (waiting_ > 0 && is_dry && !obstacle_.ok()) {
      actions_.push_back(Serve{WhyNone(now)});
    }
  }
  Proceed(now);
  return Take();
}

// --- by hand

Actions Steward::OnKeptBack(Ipv4 ip, absl::Time now) {
  audit_.Forget(ip);
  to_claim_.insert(ip);
  Proceed(now);
  return Take();
}

Actions Steward::OnWanted(absl::Time now) {
  wanted_ = std::min(wanted_ + 1, kMaxAllocation);
  Proceed(now);
  return Take();
}

Actions Steward::OnUnwanted(const std::vector<Ipv4>& ips, absl::Time now) {
  auto [intent, records] = pool_.DecideReleaseOf(ips, options_.subnet, now);
  OpenRelease(intent, records, now);
  Proceed(now);
  return Take();
}

Actions Steward::OnPushed(Ipv4 ip, absl::Time now) {
  Probe(ip);
  Proceed(now);
  return Take();
}

// Whether the VPC is asked again so soon that an ADD had better wait for it: a
// runtime that is told to try again makes a new sandbox first.
bool Steward::WillAskSoon(absl::Time now) const {
  if (allocating_.IsFree(now)) return true;
  return IsPassing(obstacle_) && allocating_.paused_until - now <= kPatience;
}

absl::Status Steward::obstacle(absl::Time now) const {
  return now < allocating_.paused_until ? obstacle_ : absl::OkStatus();
}

// --- when

absl::Time Steward::deadline() const {
  if (store_retry_at_ > now_) return store_retry_at_;
  absl::Time next = absl::InfiniteFuture();
  // What is past already waits for an event, not for the time.
  const auto consider = [&](absl::Time time) {
    if (time > now_) next = std::min(next, time);
  };
  consider(checking_.paused_until);
  if (needs_rebuild_) return next;
  consider(allocating_.paused_until);
  consider(releasing_.paused_until);
  consider(verify_at_);
  consider(trim_at_);
  consider(pool_.next_expiry());
  consider(NextLook());
  consider(pool_.next_held());
  for (const auto& [ip, time] : release_not_before_) consider(time);
  return next;
}

// --- means

bool Steward::Store(const Records& records, absl::Time now) {
  if (records.empty()) return true;
  if (now < store_retry_at_) return false;
  const absl::Status status = commit_(records);
  if (status.ok()) return true;
  store_retry_at_ = now + kMinBackoff;
  Say(Reason::kStoreFailed, std::nullopt, std::string(status.message()),
      store_retry_at_);
  if (waiting_ > 0) actions_.push_back(Serve{status});
  return false;
}

void Steward::BackOff(Lane& lane, absl::Time now) {
  lane.paused_until = now + lane.backoff * absl::Uniform(random_, 0.5, 1.0);
  lane.backoff = std::min(lane.backoff * 2, kMaxBackoff);
}

void Steward::Succeed(Lane& lane) {
  lane.paused_until = absl::InfinitePast();
  lane.backoff = kMinBackoff;
}

void Steward::Say(Reason reason, std::optional<Ipv4> ip, std::string text,
                  absl::Time until) {
  actions_.push_back(Note{reason, ip, std::move(text), until});
}

Actions Steward::Take() { return std::exchange(actions_, {}); }

}  // namespace pool
