#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/outcome.h"
#include "pool/recovery.h"
#include "pool/steward.h"

// The conversation with the VPC about what is this node's: its lists, and
// claims of what they lack.
namespace pool {
namespace {

using base::Ipv4;

// Of those that the list lacks, so many are doubted at a time: a list that is
// wrong altogether must not empty the pool.
constexpr size_t kMaxClaims = 16;
// What a list lacks or has too much is told by the next one, but not so soon if
// it wasn't known whether the address is fixed.
constexpr absl::Duration kUntold = absl::Seconds(10);

}  // namespace

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
    if (!Store(pool_.DecideDisown(ip), now)) {
      unclaimed_.insert(ip);
      return;
    }
    lost_.erase(ip);
  }
  Say(Reason::kLost, ip, std::string(status.message()));
}

}  // namespace pool
