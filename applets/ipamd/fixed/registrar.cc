#include "applets/ipamd/fixed/registrar.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "applets/ipamd/fixed/moves.h"

namespace applets::ipamd::fixed {
namespace {

bool HasOurFinalizer(const kube::VpcIpClaim& claim) {
  const auto& finalizers = claim.meta.finalizers;
  return std::find(finalizers.begin(), finalizers.end(),
                   kube::kClaimFinalizer) != finalizers.end();
}

bool IsLabelled(const kube::VpcIpClaim& claim) {
  return !claim.mac ||
         claim.meta.Label(kube::kInterfaceLabel) == kube::LabelOf(*claim.mac);
}

kube::VpcIpClaim Labelled(kube::VpcIpClaim claim) {
  claim.meta.labels[kube::kInterfaceLabel] = kube::LabelOf(*claim.mac);
  return claim;
}

kube::VpcIpClaim Detached(kube::VpcIpClaim claim, absl::Time now) {
  claim.attached = false;
  claim.last_detached = now;
  claim.meta.labels[kube::kAttachedLabel] = "false";
  return claim;
}

std::vector<base::Mac> HoldersOf(const kube::VpcIpClaim& claim) {
  return Holders(ParseMoves(claim.meta.Annotation(kube::kMovesAnnotation)),
                 claim.mac, base::Mac());
}

}  // namespace

std::optional<SetMember> SetMemberOf(absl::string_view pod_name) {
  const size_t dash = pod_name.rfind('-');
  if (dash == absl::string_view::npos || dash == 0) return std::nullopt;
  const absl::string_view digits = pod_name.substr(dash + 1);
  SetMember member{std::string(pod_name.substr(0, dash))};
  const bool plain =
      !digits.empty() &&
      std::all_of(digits.begin(), digits.end(),
                  [](char c) { return absl::ascii_isdigit(c); }) &&
      (digits == "0" || digits[0] != '0');
  if (!plain || !absl::SimpleAtoi(digits, &member.ordinal)) return std::nullopt;
  return member;
}

void Registrar::OnClaims(std::vector<ClaimChange> changes, bool complete) {
  for (auto& [key, claim] : changes) {
    if (podless_ == key) podless_.reset();
    if (claim) {
      claims_.insert_or_assign(key, *std::move(claim));
    } else {
      claims_.erase(key);
      not_before_.erase(key);
    }
  }
  claims_complete_ |= complete;
}

void Registrar::OnSets(std::vector<SetChange> changes, bool complete) {
  for (auto& [key, set] : changes) {
    // One that is being deleted makes no more pods.
    if (set && !set->meta.deletion) {
      sets_[key] = {set->first_ordinal, set->replicas};
    } else {
      sets_.erase(key);
    }
  }
  sets_complete_ |= complete;
}

size_t Registrar::detached() const {
  return static_cast<size_t>(
      std::count_if(claims_.begin(), claims_.end(),
                    [](const auto& e) { return !e.second.attached; }));
}

// Whether there is, or will be, a pod for it. What is no StatefulSet's is left
// alone.
bool Registrar::IsCovered(const kube::VpcIpClaim& claim) const {
  const auto member = SetMemberOf(claim.meta.key.name);
  if (!member) return true;
  const absl::string_view owner =
      claim.meta.Label(kube::kOwnerStatefulSetLabel);
  const std::string set = owner.empty() ? member->set : std::string(owner);
  const auto it = sets_.find({claim.meta.key.name_space, set});
  if (it == sets_.end()) return false;
  return member->ordinal >= it->second.first &&
         member->ordinal - it->second.first < it->second.count;
}

bool Registrar::IsDue(absl::Time at, absl::Time now) {
  if (at <= now) return true;
  deadline_ = std::min(deadline_, at);
  return false;
}

Registrar::Want Registrar::WantOf(const kube::VpcIpClaim& claim,
                                  absl::Time now) {
  if (claim.meta.deletion) {
    if (!HasOurFinalizer(claim)) return Want::kNothing;
    if (!IsLabelled(claim)) return Want::kLabel;
    return IsDue(*claim.meta.deletion + kNodesTurn, now) ? Want::kClear
                                                         : Want::kNothing;
  }
  if (!IsLabelled(claim)) return Want::kLabel;
  if (IsCovered(claim)) return Want::kNothing;
  if (claim.attached) return Want::kDetach;
  const auto release = claim.ReleaseTime();
  return release && IsDue(*release, now) ? Want::kDelete : Want::kNothing;
}

std::optional<Registrar::Call> Registrar::CallFor(const kube::VpcIpClaim& claim,
                                                  absl::Time now) {
  const Want want = WantOf(claim, now);
  if (want == Want::kNothing) return std::nullopt;
  if (want == Want::kLabel) return PatchClaim{Labelled(claim)};
  if (podless_ != claim.meta.key) return ReadPod{claim.meta.key};
  switch (want) {
    case Want::kDetach:
      return PatchClaim{Detached(claim, now)};
    case Want::kDelete:
      return DeleteClaim{claim.meta.key, claim.meta.uid,
                         claim.meta.resource_version};
    default:
      return Clear{claim, HoldersOf(claim)};
  }
}

std::optional<Registrar::Call> Registrar::Next(absl::Time now) {
  deadline_ = absl::InfiniteFuture();
  if (calling_ || !claims_complete_ || !sets_complete_) return std::nullopt;
  for (const auto& [key, claim] : claims_) {
    const auto wait = not_before_.find(key);
    if (wait != not_before_.end() && !IsDue(wait->second, now)) continue;
    auto call = CallFor(claim, now);
    if (!call) continue;
    calling_ = true;
    return call;
  }
  return std::nullopt;
}

void Registrar::OnPod(const kube::ObjectKey& key,
                      const absl::StatusOr<std::optional<kube::Pod>>& pod,
                      absl::Time now) {
  calling_ = false;
  const bool gone = pod.ok() && (!pod->has_value() || (*pod)->IsOver());
  if (gone) {
    podless_ = key;
  } else {
    not_before_[key] = now + kAgain;
  }
}

// What came of it the watch tells; it may be late.
void Registrar::OnDone(const kube::ObjectKey& key,
                       const absl::Status& /*status*/, absl::Time now) {
  calling_ = false;
  if (podless_ == key) podless_.reset();
  not_before_[key] = now + kAgain;
}

}  // namespace applets::ipamd::fixed
