#include "applets/ipamd/realms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

using ledger::RealmRecord;
using Stage = RealmRecord::Stage;

constexpr absl::Duration kSurveyRetry = absl::Seconds(5);
// Links are looked at now and then, for what no event has told.
constexpr absl::Duration kRefreshInterval = absl::Minutes(1);

}  // namespace

Realms::Realms(Parts parts)
    : parts_(std::move(parts)),
      interfaces_(parts_.interfaces.value_or(nullptr)),
      networking_(parts_.pools.own().subnet(),
                  parts_.pools.own()
                          .ledger()
                          .store()
                          .Setting(ledger::kRealmsSetting)
                          .value_or("yes") == "yes",
                  parts_.linger),
      blind_(interfaces_ != nullptr &&
             parts_.pools.own().ledger().needs_rebuild()),
      timer_(parts_.loop, [this] { Act(); }),
      survey_timer_(parts_.loop, [this] { Survey(); }),
      refresh_timer_(parts_.loop, [this] { RefreshAll(); }) {}

Realms::~Realms() = default;

// --- stores and pools

absl::Status Realms::OpenStores(absl::Time deadline) {
  const std::string& state_dir = parts_.options.state_dir;
  ASSIGN_OR_RETURN(const auto names, ledger::RealmsIn(state_dir));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(Site* const site, OpenSite(name, nullptr, deadline));
    if (site == nullptr || site->record.stage != Stage::kAttached) continue;
    auto node = PrepareLink(site->record, parts_.pools.own().node(),
                            parts_.options.sysctl_root, absl::InfinitePast());
    if (!node.ok()) {
      LOG(WARNING) << "realm " << name << ": " << node.status().message();
      node = netlink::Node{.mac = site->record.mac,
                           .address = site->record.address,
                           .gateway = site->record.gateway};
    }
    RETURN_IF_ERROR(OpenPool(*site, *node));
  }
  return absl::OkStatus();
}

// The realm's store, made if one is `wanted`. Null: it says nothing, for
// nothing had been asked for yet, and has been removed.
absl::StatusOr<Realms::Site*> Realms::OpenSite(const std::string& name,
                                               const RealmRecord* wanted,
                                               absl::Time deadline) {
  const std::string& state_dir = parts_.options.state_dir;
  RETURN_IF_ERROR(ledger::MakeRealmDir(state_dir, name));
  ASSIGN_OR_RETURN(
      auto ledger,
      ledger::Ledger::Open(ledger::RealmDir(state_dir, name),
                           PolicyOf(parts_.options), absl::Now(), deadline));
  ASSIGN_OR_RETURN(const std::string text,
                   ledger->store().Setting(ledger::kRealmSetting));
  Site site;
  if (!text.empty()) {
    ASSIGN_OR_RETURN(site.record, ledger::ParseRealmRecord(text));
  } else if (wanted != nullptr) {
    site.record = *wanted;
  } else {
    ledger.reset();
    RETURN_IF_ERROR(ledger::RemoveRealmDir(state_dir, name));
    return nullptr;
  }
  site.ledger = std::move(ledger);
  site.metrics = parts_.metrics.With({{"subnet", name}});
  if (text.empty()) RETURN_IF_ERROR(Remember(site));
  return &sites_.insert_or_assign(name, std::move(site)).first->second;
}

absl::Status Realms::Remember(Site& site) {
  ledger::Ledger& ledger =
      site.pool == nullptr ? *site.ledger : site.pool->ledger();
  return ledger.store().SetSetting(ledger::kRealmSetting,
                                   ledger::ToJson(site.record));
}

absl::Status Realms::OpenPool(Site& site, const netlink::Node& node) {
  SubnetPool::Handlers handlers = parts_.handlers(site.record.realm);
  ASSIGN_OR_RETURN(
      auto pool,
      SubnetPool::Open({parts_.loop, site.metrics, parts_.undertaker,
                        OptionsFor(parts_.options, site.record), parts_.access,
                        std::move(site.ledger), node, site.record.realm,
                        base::Ipv4Prefix::Containing(site.record.address,
                                                     site.record.prefix_length),
                        std::move(handlers)}));
  site.pool = &parts_.pools.Add(std::move(pool));
  parts_.on_opened(*site.pool);
  if (started_) site.pool->Start();
  return absl::OkStatus();
}

// --- begin

void Realms::Start() {
  started_ = true;
  for (auto& [name, site] : sites_) {
    if (site.pool != nullptr) site.pool->Start();
    if (site.record.stage == Stage::kUnwanted) {
      networking_.OnClosing(site.record.realm);
      TakeAwayOf(name);
    } else if (site.pool != nullptr && site.pool->node().ifindex != 0) {
      networking_.OnOpened(site.record.realm);
    } else {
      networking_.OnOpening(site.record.realm);
      Attach(name);
    }
  }
  if (blind_) Survey();
  refresh_timer_.Set(kRefreshInterval);
  Kick();
}

void Realms::RefreshAll() {
  for (const auto& [name, site] : sites_) Refresh(name);
  refresh_timer_.Set(kRefreshInterval);
}

// A lost store says nothing of the interfaces that were attached. They are
// found in the cloud, by their names.
void Realms::Survey() {
  workers_.Run([this, interfaces = interfaces_] {
    parts_.loop.Post(
        [this, listed = interfaces->List()] { OnSurveyed(listed); });
  });
}

void Realms::OnSurveyed(
    const absl::StatusOr<std::vector<vpc::Interface>>& listed) {
  if (!listed.ok()) {
    LOG(WARNING) << "which interfaces the node has can't be found out: "
                 << listed.status().message();
    if (MayChange(listed.status())) return survey_timer_.Set(kSurveyRetry);
  } else {
    bool all_known = true;
    for (const vpc::Interface& interface : *listed) {
      all_known = Adopt(interface) && all_known;
    }
    if (!all_known && !networking_.complete()) {
      return survey_timer_.Set(kSurveyRetry);
    }
  }
  surveyed_ = true;
  See();
}

// Interfaces that were found have to be open, so that their pods are theirs.
void Realms::See() {
  if (!blind_ || !surveyed_) return;
  for (const auto& [name, site] : sites_) {
    if (site.pool == nullptr && networking_.IsOpening(site.record.realm)) {
      return;
    }
  }
  blind_ = false;
  parts_.on_change();
}

// Groups can't be told from a name, only recognized: there must be a
// PodNetworking that has them.
bool Realms::Adopt(const vpc::Interface& interface) {
  auto known = networking_.Realms();
  known.push_back({interface.subnet, {}});
  for (const Realm& realm : known) {
    if (interface.name != interfaces_->NameOf(WishOf(realm))) continue;
    if (sites_.contains(realm.Name())) return true;
    LOG(INFO) << "interface=" << interface.id << " subnet=" << interface.subnet
              << ": found, of an earlier run";
    Open(realm);
    return true;
  }
  return false;
}

// --- decisions

void Realms::Take(const std::vector<Networking::Change>& changes,
                  bool complete) {
  networking_.Take(changes);
  if (complete) networking_.SetComplete();
  Mark();
  Act();
  parts_.on_change();
}

// What the plugin has to know while we aren't there.
void Realms::Mark() {
  const std::string mark = networking_.MayNeedOther() ? "yes" : "no";
  if (mark == marked_) return;
  SubnetPool& own = parts_.pools.own();
  const absl::Status status =
      own.ledger().store().SetSetting(ledger::kRealmsSetting, mark);
  own.OnStoreStatus(status);
  if (status.ok()) marked_ = mark;
}

void Realms::Kick() {
  if (started_) timer_.Set(absl::ZeroDuration());
}

void Realms::Act() {
  if (!started_) return;
  const absl::Time now = absl::Now();
  if (interfaces_ != nullptr) {
    for (const Realm& realm :
         networking_.DecideOpen(parts_.pods(), Supplies(), now)) {
      Open(realm);
    }
  }
  for (const Realm& realm : networking_.DecideClose(Supplies(), now)) {
    if (MayClose(realm)) Close(realm);
  }
  Reopen(now);
  const absl::Time deadline = networking_.deadline(now);
  if (deadline == absl::InfiniteFuture()) return timer_.Cancel();
  timer_.Set(std::max(absl::Seconds(1), deadline - now));
}

// What had been begun is gone on with, whether a pod still needs it or not: the
// cloud may have done it. Interfaces that went, though pods use them, come
// back.
void Realms::Reopen(absl::Time now) {
  std::vector<Realm> open;
  std::vector<Realm> close;
  for (const auto& [name, site] : sites_) {
    const RealmRecord& record = site.record;
    if (!networking_.CouldOpen(record.realm, now)) continue;
    const bool is_unwanted = site.pool == nullptr &&
                             record.stage == Stage::kAttached &&
                             networking_.IsForgotten(record.realm);
    (is_unwanted ? close : open).push_back(record.realm);
  }
  for (const Realm& realm : close) Close(realm);
  for (const Realm& realm : open) Open(realm);
}

Networking::Choice Realms::Choose(const kube::Pod* pod) const {
  if (pod == nullptr) return networking_.ChooseUnseen();
  Networking::Choice choice = networking_.Choose(*pod, Supplies(), absl::Now());
  const bool none_to_be_had =
      choice.way == Networking::Choice::Way::kWait && interfaces_ == nullptr;
  if (!none_to_be_had) return choice;
  return {.status = parts_.interfaces.status(),
          .reason = pool::Reason::kInterfaceUnavailable};
}

Networking::Supply Realms::SupplyOf(const Realm& realm) const {
  const SubnetPool* pool = parts_.pools.Find(realm.Name());
  if (pool == nullptr) return {};
  return {.warm = pool->pool().counts().warm,
          .exhausted = absl::IsResourceExhausted(
              pool->keeper().steward().obstacle(absl::Now())),
          .in_use = pool->in_use()};
}

Networking::Supplies Realms::Supplies() const {
  return [this](const Realm& realm) { return SupplyOf(realm); };
}

}  // namespace applets::ipamd
