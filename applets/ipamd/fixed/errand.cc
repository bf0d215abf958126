#include "applets/ipamd/fixed/errand.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pool/outcome.h"

namespace applets::ipamd::fixed {
namespace {

using pool::Reason;

// Whether the API server has understood and won't do it, however often it is
// asked.
bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
         absl::IsInvalidArgument(status) || absl::IsUnimplemented(status) ||
         absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

bool IsSamePod(const base::Pod& a, const base::Pod& b) {
  return a.ns == b.ns && a.name == b.name;
}

}  // namespace

Errand::Errand(const pool::Pool& pool, pool::Commit commit, Place place,
               Visitor visitor)
    : pool_(pool),
      commit_(std::move(commit)),
      place_(std::move(place)),
      visitor_(std::move(visitor)),
      tenant_{visitor_.pod.ns, visitor_.pod.name, ""} {}

// --- the claim

Step Errand::Read() {
  if (++reads_ > kMaxReads) return Busy("its claim changes all the time");
  return ReadClaim{key()};
}

Step Errand::OnRead(
    const absl::StatusOr<std::optional<kube::VpcIpClaim>>& claim,
    absl::Time now) {
  if (!claim.ok()) return Unreachable(claim.status(), "read");
  here_ = false;
  if (!claim->has_value()) return NoClaim(now);
  claim_ = **claim;
  return Judge(now);
}

// --- the first address

Step Errand::NoClaim(absl::Time now) {
  tenant_.claim_uid.clear();
  const pool::Address* row = pool_.FindTenant(tenant_);
  if (row == nullptr) return WantAddress{tenant_};
  if (row->state != pool::State::kFixed) {
    return Busy(absl::StrCat(row->ip.ToString(), ", its earlier one, is ",
                             pool::NameOf(row->state)));
  }
  // An earlier ADD was about to make the claim.
  if (row->tenant->claim_uid.empty()) return Create(row->ip);
  // There was a claim, and it has gone: so does what it was for.
  Say(Reason::kFixedReleased, row->ip, "its claim is gone");
  return Store(pool_.DecideEvict(row->ip, now).second, WantAddress{tenant_});
}

Step Errand::OnAddress(base::Ipv4 ip) { return Create(ip); }

Step Errand::Create(base::Ipv4 ip) {
  claim_ = kube::VpcIpClaim();
  claim_.meta.key = key();
  claim_.meta.labels = {{kube::kAttachedLabel, "true"},
                        {kube::kOwnerStatefulSetLabel, visitor_.stateful_set},
                        {kube::kInterfaceLabel, kube::LabelOf(place_.mac)}};
  claim_.meta.finalizers = {kube::kClaimFinalizer};
  claim_.ip = ip;
  claim_.mask = place_.mask;
  claim_.gateway = place_.gateway;
  claim_.subnet_id = place_.subnet;
  claim_.vpc_id = place_.vpc;
  claim_.attached = true;
  claim_.zone = place_.zone;
  claim_.mac = place_.mac;
  claim_.keep = visitor_.keep;
  claim_.sandbox_id = visitor_.attachment.container_id;
  return CreateClaim{claim_};
}

Step Errand::OnCreated(const absl::StatusOr<kube::VpcIpClaim>& claim,
                       absl::Time now) {
  if (absl::IsAlreadyExists(claim.status())) return Read();
  const base::Ipv4 ip = claim_.ip;
  if (claim.ok()) {
    tenant_.claim_uid = claim->meta.uid;
    const auto records = pool_.DecideReserve(ip, tenant_, now);
    if (!records.ok()) return Busy(std::string(records.status().message()));
    Say(Reason::kFixed, ip, absl::StrCat("for ", key().ToString()));
    return Store(*records, Done{ip});
  }
  Step refusal = Unreachable(claim.status(), "made");
  if (!IsRefusal(claim.status())) return refusal;
  return Store(pool_.DecideUnfix(ip, now), refusal);
}

// --- the address that the claim names

Step Errand::Judge(absl::Time now) {
  if (claim_.meta.deletion) return Busy("its claim is being deleted");
  if (!claim_.subnet_id.empty() && claim_.subnet_id != place_.subnet) {
    return Refuse{Reason::kFixedElsewhere,
                  absl::FailedPreconditionError(absl::StrCat(
                      claim_.ip.ToString(), " is of the subnet ",
                      claim_.subnet_id, ", this node of ", place_.subnet))};
  }
  tenant_.claim_uid = claim_.meta.uid;
  moves_ = ParseMoves(claim_.meta.Annotation(kube::kMovesAnnotation));
  unsettled_ = std::any_of(moves_.begin(), moves_.end(), [&](const Move& move) {
    return move.to == place_.mac && now < move.at + kAftermath;
  });
  if (auto step = Prepare(now)) return *step;
  here_ =
      pool_.Find(claim_.ip) != nullptr && pool_.FindTake(claim_.ip) == nullptr;
  if (here_ && IsSettledHere()) {
    asked_.reset();
    return Obtain{claim_.ip};
  }
  return Mark(now);
}

// What this node knows of the address, and of others for the pod.
std::optional<Step> Errand::Prepare(absl::Time now) {
  const pool::Address* other = pool_.FindTenant(tenant_);
  if (other != nullptr && other->ip != claim_.ip &&
      other->state == pool::State::kFixed) {
    if (const absl::Status status = commit_(pool_.DecideUnfix(other->ip, now));
        !status.ok()) {
      return Refuse{Reason::kStoreFailed, status};
    }
  }
  const pool::Address* row = pool_.Find(claim_.ip);
  if (row == nullptr || pool_.FindTake(claim_.ip) != nullptr) {
    return std::nullopt;
  }
  if (!row->lease) return Reserve(now);
  if (row->lease->attachment == visitor_.attachment) return Done{claim_.ip};
  if (IsSamePod(row->lease->pod, visitor_.pod)) {
    return Busy(absl::StrCat("the network of an earlier sandbox, ",
                             row->lease->attachment.container_id,
                             ", is still there"));
  }
  return Refuse{Reason::kFixedTaken,
                absl::AlreadyExistsError(absl::StrCat(
                    claim_.ip.ToString(), " is another pod's of this node: ",
                    row->lease->pod.ns, "/", row->lease->pod.name))};
}

std::optional<Step> Errand::Reserve(absl::Time now) {
  const auto records = pool_.DecideReserve(claim_.ip, tenant_, now);
  if (!records.ok()) return Busy(std::string(records.status().message()));
  if (const absl::Status status = commit_(*records); !status.ok()) {
    return Refuse{Reason::kStoreFailed, status};
  }
  return std::nullopt;
}

bool Errand::IsSettledHere() const {
  return claim_.mac == place_.mac &&
         std::all_of(moves_.begin(), moves_.end(),
                     [&](const Move& move) { return move.to == place_.mac; });
}

// --- bringing it here

Step Errand::Mark(absl::Time now) {
  const absl::Time unsafe = UnsafeUntil(moves_, place_.mac, now);
  if (unsafe != absl::InfinitePast()) {
    return Busy(
        absl::StrCat("a move of it away from here may not be over before ",
                     absl::FormatTime(unsafe, absl::UTCTimeZone())));
  }
  holders_ = Holders(moves_, claim_.mac, place_.mac);
  std::vector<base::Mac> from = holders_;
  if (from.empty()) from.emplace_back();
  std::erase_if(moves_,
                [&](const Move& move) { return move.to == place_.mac; });
  for (const base::Mac& mac : from) moves_.push_back({mac, place_.mac, now});
  if (moves_.size() > kMaxMoves) return Busy("too many moves of it failed");
  claim_.meta.annotations[kube::kMovesAnnotation] = FormatMoves(moves_);
  stage_ = Stage::kMarking;
  return PatchClaim{claim_};
}

Step Errand::OnPatched(const absl::StatusOr<kube::VpcIpClaim>& claim,
                       absl::Time now) {
  // It isn't as we have read it any more.
  if (absl::IsAborted(claim.status()) || absl::IsNotFound(claim.status())) {
    return Read();
  }
  if (!claim.ok()) return Unreachable(claim.status(), "written");
  claim_ = *claim;
  if (stage_ == Stage::kMarking) return Take(now);
  return Done{claim_.ip};
}

Step Errand::Take(absl::Time now) {
  const auto taking = pool_.DecideTake(claim_.ip, tenant_, place_.subnet, now);
  if (!taking.ok()) return Busy(std::string(taking.status().message()));
  here_ = false;
  return Store(taking->second, AskNext());
}

Step Errand::AskNext() {
  asked_.reset();
  if (holders_.empty()) return Obtain{claim_.ip};
  asked_ = holders_.front();
  holders_.erase(holders_.begin());
  return TakeOver{claim_.ip, *asked_};
}

Step Errand::OnSecured(const absl::Status& status, bool trusted,
                       absl::Time now) {
  if (status.ok()) return Secured(now);
  if (asked_ && absl::IsNotFound(status)) return AskNext();
  const bool elsewhere =
      absl::IsAlreadyExists(status) || absl::IsResourceExhausted(status);
  if (!asked_ && elsewhere) return Lost(status);
  if (here_ && trusted && pool::IsPassing(status)) return Confirm(now);
  return Unanswered(status);
}

Step Errand::Secured(absl::Time now) {
  if (here_) return Confirm(now);
  const pool::Intent* intent = pool_.FindTake(claim_.ip);
  if (intent == nullptr) return Busy("it went while it came");
  if (asked_) {
    Say(Reason::kFixedMoved, claim_.ip,
        absl::StrCat("from the interface ", asked_->ToString()));
  } else {
    Say(Reason::kReclaimed, claim_.ip, "");
  }
  return Store(pool_.DecideTaken(*intent, now), Confirm(now));
}

// The pod has it, says the claim from now on.
Step Errand::Confirm(absl::Time now) {
  std::erase_if(moves_, [&](const Move& move) {
    const bool over = now >= move.at + kAftermath;
    return over || (move.to == place_.mac && !unsettled_);
  });
  kube::ObjectMeta& meta = claim_.meta;
  meta.annotations[kube::kMovesAnnotation] = FormatMoves(moves_);
  meta.labels[kube::kAttachedLabel] = "true";
  meta.labels[kube::kInterfaceLabel] = kube::LabelOf(place_.mac);
  if (meta.Label(kube::kOwnerStatefulSetLabel).empty()) {
    meta.labels[kube::kOwnerStatefulSetLabel] = visitor_.stateful_set;
  }
  auto& finalizers = meta.finalizers;
  if (std::find(finalizers.begin(), finalizers.end(), kube::kClaimFinalizer) ==
      finalizers.end()) {
    finalizers.emplace_back(kube::kClaimFinalizer);
  }
  claim_.attached = true;
  claim_.mac = place_.mac;
  claim_.keep = visitor_.keep;
  claim_.sandbox_id = visitor_.attachment.container_id;
  stage_ = Stage::kConfirming;
  return PatchClaim{claim_};
}

// --- what may go wrong

Step Errand::Lost(const absl::Status& status) {
  const Refuse refusal = {
      Reason::kFixedTaken,
      absl::AlreadyExistsError(absl::StrCat(
          "somebody else has the pod's fixed address: ", status.message()))};
  const pool::Intent* intent = pool_.FindTake(claim_.ip);
  return Store(intent != nullptr ? pool_.DecideUntaken(*intent)
                                 : pool_.DecideDisown(claim_.ip),
               refusal);
}

// If it may have been done all the same, the intent stays.
Step Errand::Unanswered(const absl::Status& status) {
  const Refuse refusal = {
      pool::IsPassing(status) ? Reason::kVpcUnavailable : Reason::kVpcRefused,
      absl::UnavailableError(absl::StrCat("the pod's fixed address, ",
                                          claim_.ip.ToString(), ": ",
                                          status.message()))};
  const pool::Intent* intent = pool_.FindTake(claim_.ip);
  if (intent == nullptr || pool::MayBeDone(status) || unsettled_) {
    return refusal;
  }
  return Store(pool_.DecideUntaken(*intent), refusal);
}

Step Errand::Unreachable(const absl::Status& status,
                         absl::string_view what) const {
  const std::string message = absl::StrCat(
      "the claim ", key().ToString(), " can't be ", what, ": ",
      status.message(),
      absl::IsNotFound(status) ? " (deploy/crds.yaml has the resource)" : "");
  return Refuse{Reason::kClaimUnavailable,
                IsRefusal(status) ? absl::FailedPreconditionError(message)
                                  : absl::UnavailableError(message)};
}

Step Errand::Busy(std::string why) const {
  return Refuse{
      Reason::kFixedBusy,
      absl::UnavailableError(absl::StrCat(
          "the pod's fixed address can't be had yet: ", why, "; try again"))};
}

Step Errand::Store(const pool::Records& records, Step next) {
  const absl::Status status = commit_(records);
  if (status.ok()) return next;
  return Refuse{Reason::kStoreFailed, status};
}

void Errand::Say(Reason reason, base::Ipv4 ip, std::string text) {
  notes_.push_back({reason, ip, std::move(text)});
}

}  // namespace applets::ipamd::fixed
