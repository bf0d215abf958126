#include "applets/ipamd/networking.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace applets::ipamd {
namespace {

using kube::PodNetworking;
using pool::Reason;

std::string Quoted(const std::string& name) {
  return absl::StrCat("PodNetworking \"", name, "\"");
}

}  // namespace

Networking::Networking(std::string own_subnet, bool assume_some,
                       absl::Duration linger)
    : own_{std::move(own_subnet), {}},
      assume_some_(assume_some),
      linger_(linger) {}

// --- what there is

Networking::Known Networking::Understand(PodNetworking networking) {
  Known known;
  for (const std::string& subnet : networking.subnet_ids) {
    auto realm = ledger::MakeRealm(subnet, networking.security_group_ids);
    if (!realm.ok()) {
      known.problem = realm.status();
    } else if (std::count(known.realms.begin(), known.realms.end(), *realm) ==
               0) {
      known.realms.push_back(*std::move(realm));
    }
  }
  if (networking.subnet_ids.empty()) {
    known.problem = absl::InvalidArgumentError("it names no subnet");
  }
  known.networking = std::move(networking);
  return known;
}

void Networking::Take(std::vector<Change> changes) {
  for (Change& change : changes) {
    if (change.networking) {
      known_.insert_or_assign(change.name,
                              Understand(*std::move(change.networking)));
    } else {
      known_.erase(change.name);
    }
  }
}

bool Networking::MayNeedOther() const {
  return complete_ ? !known_.empty() : assume_some_ || !known_.empty();
}

std::vector<Realm> Networking::Realms() const {
  std::vector<Realm> realms;
  for (const auto& [name, known] : known_) {
    realms.insert(realms.end(), known.realms.begin(), known.realms.end());
  }
  return realms;
}

bool Networking::IsOpening(const Realm& realm) const {
  const State* state = StateOf(realm);
  return state != nullptr && state->phase == Phase::kOpening;
}

std::optional<std::string> Networking::NameFor(const kube::Pod& pod) {
  const kube::ObjectMeta& meta = pod.meta;
  if (pod.host_network) return std::nullopt;
  if (meta.Annotation(kube::kNoPodNetworkingAnnotation) == "true") {
    return std::nullopt;
  }
  const absl::string_view name =
      meta.Annotation(kube::kPodNetworkingAnnotation);
  return name.empty() ? kDefault : std::string(name);
}

const Networking::Known* Networking::Find(const std::string& name) const {
  const auto it = known_.find(name);
  return it == known_.end() ? nullptr : &it->second;
}

const Networking::Known* Networking::Of(const kube::Pod& pod) const {
  const auto name = NameFor(pod);
  return name ? Find(*name) : nullptr;
}

// --- what became of interfaces

void Networking::OnOpening(const Realm& realm) {
  states_[realm].phase = Phase::kOpening;
}

void Networking::OnOpened(const Realm& realm) {
  states_[realm] = {};
  states_[realm].phase = Phase::kOpen;
}

void Networking::OnFailed(const Realm& realm, const absl::Status& status,
                          absl::Time now) {
  State& state = states_[realm];
  state.phase = Phase::kClosed;
  state.failure = status;
  state.retry_at = now + state.backoff;
  state.backoff = std::min(2 * state.backoff, kMaxBackoff);
}

void Networking::OnClosing(const Realm& realm) {
  states_[realm].phase = Phase::kClosing;
}

void Networking::OnClosed(const Realm& realm) { states_.erase(realm); }

const Networking::State* Networking::StateOf(const Realm& realm) const {
  const auto it = states_.find(realm);
  return it == states_.end() ? nullptr : &it->second;
}

bool Networking::IsOpen(const Realm& realm) const {
  const State* state = StateOf(realm);
  return realm == own_ || (state != nullptr && state->phase == Phase::kOpen);
}

bool Networking::CouldOpen(const Realm& realm, absl::Time now) const {
  const State* state = StateOf(realm);
  return realm != own_ &&
         (state == nullptr ||
          (state->phase == Phase::kClosed && now >= state->retry_at));
}

// --- a pod's subnet

Networking::Choice Networking::Choose(const kube::Pod& pod,
                                      const Supplies& supplies,
                                      absl::Time now) const {
  const auto name = NameFor(pod);
  if (!name) return Own();
  if (const Known* known = Find(*name)) return Pick(*known, supplies, now);
  const bool is_asked_for =
      !pod.meta.Annotation(kube::kPodNetworkingAnnotation).empty();
  if (!complete_ && (is_asked_for || assume_some_)) return Unknown();
  if (!is_asked_for) return Own();
  return {.status = absl::FailedPreconditionError(absl::StrCat(
              "there is no ", Quoted(*name), ", which the pod's annotation ",
              kube::kPodNetworkingAnnotation, " names")),
          .reason = Reason::kNetworkingMissing};
}

Networking::Choice Networking::ChooseUnseen() const {
  return MayNeedOther() ? Unknown() : Own();
}

Networking::Choice Networking::Unknown() {
  return {
      .status = absl::UnavailableError(
          "the API server can't be asked now which PodNetworking the pod is "
          "to have; try again"),
      .reason = Reason::kNetworkingUnknown};
}

bool Networking::IsElsewhere(const kube::Pod& pod) const {
  const auto name = NameFor(pod);
  if (!name) return false;
  const Known* known = Find(*name);
  if (known == nullptr) {
    return !pod.meta.Annotation(kube::kPodNetworkingAnnotation).empty();
  }
  return known->realms.size() != 1 || known->realms[0] != own_;
}

Networking::Choice Networking::Pick(const Known& known,
                                    const Supplies& supplies,
                                    absl::Time now) const {
  const std::string& name = known.networking.meta.key.name;
  if (!known.problem.ok()) {
    return {.status = absl::FailedPreconditionError(absl::StrCat(
                Quoted(name), " can't be used: ", known.problem.message())),
            .reason = Reason::kNetworkingMissing};
  }
  if (known.networking.nat_gateway_outgoing) {
    return {.status = absl::FailedPreconditionError(
                absl::StrCat(Quoted(name),
                             " asks for natGWOutgoingEnabled, which this "
                             "version doesn't do")),
            .reason = Reason::kUnsupported};
  }
  if (known.networking.strategy == PodNetworking::Strategy::kBalanced) {
    if (const Realm* realm = Fullest(known, supplies)) {
      return {Choice::Way::kPool, *realm, {}, {}};
    }
  }
  for (const Realm& realm : known.realms) {
    if (auto choice = Try(realm, supplies, now)) return *std::move(choice);
  }
  return RefuseAll(known, supplies);
}

// The open one with the most warm addresses; null if none has any.
const Realm* Networking::Fullest(const Known& known,
                                 const Supplies& supplies) const {
  const Realm* best = nullptr;
  int most = 0;
  for (const Realm& realm : known.realms) {
    const int warm = IsOpen(realm) ? supplies(realm).warm : 0;
    if (warm <= most) continue;
    most = warm;
    best = &realm;
  }
  return best;
}

// nullopt: it has no address to give.
std::optional<Networking::Choice> Networking::Try(const Realm& realm,
                                                  const Supplies& supplies,
                                                  absl::Time now) const {
  if (IsOpen(realm)) {
    const Supply supply = supplies(realm);
    if (supply.warm == 0 && supply.exhausted) return std::nullopt;
    return Choice{Choice::Way::kPool, realm, {}, {}};
  }
  const State* state = StateOf(realm);
  const bool failed = state != nullptr && state->phase == Phase::kClosed &&
                      !CouldOpen(realm, now);
  if (failed) return std::nullopt;
  return Choice{Choice::Way::kWait, realm, {}, {}};
}

Networking::Choice Networking::RefuseAll(const Known& known,
                                         const Supplies& supplies) const {
  bool exhausted = false;
  std::vector<std::string> why;
  for (const Realm& realm : known.realms) {
    if (IsOpen(realm) && supplies(realm).exhausted) {
      exhausted = true;
      why.push_back(absl::StrCat("subnet ", realm.subnet, " is full"));
    } else if (const State* state = StateOf(realm)) {
      why.push_back(absl::StrCat("no interface in subnet ", realm.subnet, ": ",
                                 state->failure.message()));
    }
  }
  const std::string text =
      absl::StrCat(Quoted(known.networking.meta.key.name),
                   " has no address to give: ", absl::StrJoin(why, "; "));
  if (exhausted) {
    return {.status = absl::ResourceExhaustedError(text),
            .reason = Reason::kSubnetExhausted};
  }
  return {.status = absl::UnavailableError(text),
          .reason = Reason::kInterfaceUnavailable};
}

// --- interfaces

std::vector<Realm> Networking::DecideOpen(
    const std::vector<const kube::Pod*>& pods, const Supplies& supplies,
    absl::Time now) const {
  std::set<Realm> wanted;
  for (const kube::Pod* pod : pods) {
    const Known* known = Of(*pod);
    if (known == nullptr) continue;
    const Choice choice = Pick(*known, supplies, now);
    if (choice.way == Choice::Way::kWait) wanted.insert(choice.realm);
    if (choice.way == Choice::Way::kRefused ||
        known->networking.strategy != PodNetworking::Strategy::kBalanced) {
      continue;
    }
    wanted.insert(known->realms.begin(), known->realms.end());
  }
  std::vector<Realm> open;
  for (const Realm& realm : wanted) {
    if (CouldOpen(realm, now)) open.push_back(realm);
  }
  return open;
}

bool Networking::IsNamed(const Realm& realm) const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& entry) {
    const auto& realms = entry.second.realms;
    return std::count(realms.begin(), realms.end(), realm) > 0;
  });
}

std::vector<Realm> Networking::DecideClose(const Supplies& supplies,
                                           absl::Time now) {
  std::vector<Realm> close;
  for (auto& [realm, state] : states_) {
    if (state.phase != Phase::kOpen) continue;
    if (!IsForgotten(realm) || supplies(realm).in_use) {
      state.unused_since = absl::InfiniteFuture();
      continue;
    }
    state.unused_since = std::min(state.unused_since, now);
    if (now >= state.unused_since + linger_) close.push_back(realm);
  }
  return close;
}

absl::Time Networking::deadline(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [realm, state] : states_) {
    if (state.phase == Phase::kClosed && state.retry_at > now) {
      next = std::min(next, state.retry_at);
    }
    if (state.phase == Phase::kOpen) {
      next = std::min(next, state.unused_since + linger_);
    }
  }
  return next;
}

}  // namespace applets::ipamd
