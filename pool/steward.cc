#include "pool/steward.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "pool/outcome.h"

namespace pool {
namespace {

using base::Ipv4;

// Of those that the list lacks, so many are doubted at a time: a list that is
// wrong altogether must not empty the pool.
constexpr size_t kMaxClaims = 16;
// What a list lacks or has too much may be told by the next one, soon.
constexpr absl::Duration kSoon = absl::Seconds(1);
// ... but not so soon if it wasn't known whether the address is fixed.
constexpr absl::Duration kUntold = absl::Seconds(10);

Reason ReasonOf(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return Reason::kSubnetExhausted;
  return IsPassing(status) ? Reason::kVpcUnavailable : Reason::kVpcRefused;
}

}  // namespace

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

// --- from and to the VPC

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

// --- comparing with the VPC

bool Steward::MayLease(absl::Time now) const {
  return now - verified_at_ <= options_.verify_max_age ||
         now < unverified_until_;
}

void Steward::Compare(absl::Time now) {
  if (!checking_.IsFree(now)) return;
  const bool awaited =
      waiting_ > 0 && pool_.counts().warm > 0 && !MayLease(now);
  if (awaited || now >= verify_at_) {
    checking_.busy = true;
    actions_.push_back(CallList{awaited});
  } else if (!to_claim_.empty()) {
    checking_.busy = true;
    actions_.push_back(CallClaim{*to_claim_.begin(), waiting_ > 0});
  }
}

Actions Steward::OnListed(absl::Time asked_at,
                          const absl::StatusOr<Listing>& listing,
                          absl::Time now) {
  checking_.busy = false;
  if (!listing.ok()) {
    BackOff(checking_, now);
    Say(ReasonOf(listing.status()), std::nullopt,
        absl::StrCat("list: ", listing.status().message()),
        checking_.paused_until);
    if (options_.lease_unverified) unverified_until_ = checking_.paused_until;
  } else {
    Succeed(checking_);
    verify_at_ = now + options_.verify_interval;
    if (needs_rebuild_) Rebuild(*listing, now);
    if (!needs_rebuild_) TakeListing(asked_at, *listing, now);
  }
  Proceed(now);
  return Take();
}

void Steward::Rebuild(const Listing& listing, absl::Time now) {
  Records records =
      DecideRebuild(pool_, options_.subnet, listing.ips, listing.users, now);
  if (listing.tenants) {
    records = WithTenants(std::move(records), *listing.tenants);
  }
  if (!Store(records, now)) return;
  needs_rebuild_ = false;
  proof_from_ = now + options_.latest_effect + options_.settle;
  loss_matters_until_ =
      now + std::max(pool_.policy().cooldown, pool_.policy().loss_hold);
  const std::set<Ipv4> listed(listing.ips.begin(), listing.ips.end());
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.lease && !listed.contains(ip)) to_claim_.insert(ip);
    if (row.state == State::kCooling) unproven_.insert(ip);
  }
  if (unproven_.empty()) actions_.push_back(Rebuilt{});
  Say(Reason::kRebuilding, std::nullopt,
      absl::StrCat("rebuilt: addresses=", pool_.counts().total(),
                   " leased=", pool_.counts().leased));
}

// What a late list still lacks is claimed like whatever else it lacks.
void Steward::Prove(const std::vector<Ipv4>& listed, absl::Time asked_at) {
  if (unproven_.empty() || asked_at < proof_from_) return;
  for (const Ipv4 ip : listed) unproven_.erase(ip);
  std::erase_if(unproven_,
                [this](Ipv4 ip) { return pool_.Find(ip) == nullptr; });
  if (unproven_.empty()) actions_.push_back(Rebuilt{});
}

void Steward::TakeListing(absl::Time asked_at, const Listing& listing,
                          absl::Time now) {
  verified_at_ = std::max(verified_at_, asked_at);
  actions_.push_back(Verified{verified_at_});
  const Audit::Findings findings =
      audit_.Compare(pool_, {listing.ips, asked_at, now}, ended_);
  TakeIn(findings.found, listing, now);
  Records closed;
  for (const Intent& intent : findings.settled) {
    closed.push_back(CloseIntent{intent.id});
  }
  Store(closed, now);
  std::erase_if(ended_, [this](const auto& end) {
    return !pool_.intents().contains(end.first);
  });
  QueueClaims(findings.missing, now);
  std::erase_if(unclaimed_, [this](Ipv4 ip) {
    return to_claim_.contains(ip) || pool_.Find(ip) == nullptr;
  });
  for (const Ipv4 ip : listing.ips) {
    unclaimed_.erase(ip);
    if (lost_.erase(ip) > 0) Say(Reason::kReclaimed, ip, "");
    if (!to_claim_.contains(ip)) Probe(ip);  // if it was doubted
  }
  Prove(listing.ips, asked_at);
  const absl::Duration pause = listing.tenants ? kSoon : kUntold;
  absl::Time again = audit_.deadline();
  if (!unproven_.empty()) again = std::min(again, proof_from_);
  verify_at_ = std::min(verify_at_, std::max(again, now + pause));
}

void Steward::TakeIn(const std::vector<Ipv4>& found, const Listing& listing,
                     absl::Time now) {
  if (found.empty() || !listing.tenants) return;
  const auto decide =
      now < loss_matters_until_ ? DecideTakeInAfterLoss : DecideTakeIn;
  const Records records =
      WithTenants(decide(pool_, options_.subnet, found, listing.users, now),
                  *listing.tenants);
  if (!Store(records, now)) return;
  for (const Ipv4 ip : found) {
    audit_.Forget(ip);
    if (allocating_.busy) found_meanwhile_.insert(ip);
    Say(Reason::kAdopted, ip, "");
    Probe(ip);
  }
}

void Steward::QueueClaims(const std::vector<Ipv4>& missing, absl::Time now) {
  for (const Ipv4 ip : missing) {
    if (to_claim_.size() >= kMaxClaims) break;
    const Address* row = pool_.Find(ip);
    if (row == nullptr || row->state == State::kQuarantined) continue;
    if (row->state == State::kFixed) {
      Forsake(ip, now);
      continue;
    }
    if (!Store(pool_.DecideDoubt(ip, now), now)) return;
    if (probing_.erase(ip) > 0) actions_.push_back(StopProbe{ip});
    to_claim_.insert(ip);
    audit_.Forget(ip);  // the claim will tell, no other list
  }
}

// Its pod may have it on another node by now. Whoever wants it for the pod
// knows where to look, so here it is forgotten and not asked for.
void Steward::Forsake(Ipv4 ip, absl::Time now) {
  if (!Store(pool_.DecideDisown(ip), now)) return;
  audit_.Forget(ip);
  lost_.erase(ip);
  Say(Reason::kFixedGone, ip, "");
}

Actions Steward::OnClaimed(Ipv4 ip, const absl::Status& status,
                           absl::Time now) {
  checking_.busy = false;
  if (IsPassing(status)) {
    BackOff(checking_, now);
  } else {
    Succeed(checking_);
    to_claim_.erase(ip);
    audit_.Forget(ip);
    if (status.ok()) {
      lost_.erase(ip);
      Say(Reason::kReclaimed, ip, "");
      Probe(ip);
    } else {
      Disown(ip, status, now);
    }
  }
  Proceed(now);
  return Take();
}

void Steward::Disown(Ipv4 ip, const absl::Status& status, absl::Time now) {
  const Address* row = pool_.Find(ip);
  if (row == nullptr) return;
  const bool leased = row->lease.has_value();
  const bool elsewhere =
      absl::IsAlreadyExists(status) || absl::IsResourceExhausted(status);
  // A refusal for another reason says nothing about the address: the next list
  // finds it missing again.
  if (!elsewhere) {
    unclaimed_.insert(ip);
    Say(Reason::kVpcRefused, ip, std::string(status.message()));
    return;
  }
  if (leased && !lost_.insert(ip).second) return;  // told already
  if (!leased) {
    if (!Store(pool_.DecideDisown(ip), now)) return;
    lost_.erase(ip);
  }
  Say(Reason::kLost, ip, std::string(status.message()));
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
