// How Realms opens and closes them.

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/realms.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

using ledger::RealmRecord;
using Stage = RealmRecord::Stage;

constexpr absl::Duration kTakeAwayRetry = absl::Seconds(10);
// Another process has a realm's store for one transaction at a time.
constexpr absl::Duration kLockLimit = absl::Seconds(2);

}  // namespace

// --- opening

void Realms::Open(const Realm& realm) {
  const std::string name = realm.Name();
  networking_.OnOpening(realm);
  if (!sites_.contains(name)) {
    const RealmRecord wanted = {.realm = realm, .since = absl::Now()};
    const auto site = OpenSite(name, &wanted, absl::Now() + kLockLimit);
    if (!site.ok()) {
      return networking_.OnFailed(realm, site.status(), absl::Now());
    }
  }
  Attach(name);
}

void Realms::Attach(const std::string& name) {
  const vpc::InterfaceWish wish = WishOf(sites_.at(name).record.realm);
  workers_.Run([this, name, wish, interfaces = interfaces_] {
    auto interface =
        interfaces == nullptr
            ? absl::FailedPreconditionError("the VPC has no interfaces")
            : interfaces->Ensure(wish);
    parts_.loop.Post([this, name, interface = std::move(interface)] {
      OnAttached(name, interface);
    });
  });
}

void Realms::OnAttached(const std::string& name,
                        const absl::StatusOr<vpc::Interface>& interface) {
  if (!interface.ok()) return Fail(name, interface.status());
  Site& site = sites_.at(name);
  RealmRecord record = RecordOf(site.record.realm, *interface);
  record.since = absl::Now();
  if (site.pool != nullptr && site.record.mac != record.mac) {
    return Replace(name, record);
  }
  site.record = record;
  if (const absl::Status status = Remember(site); !status.ok()) {
    return Fail(name, status);
  }
  Prepare(name);
}

// Somebody has deleted the interface, and its addresses went with it. Pods that
// have them are on no network any more, and must go before it begins anew.
void Realms::Replace(const std::string& name, const RealmRecord& record) {
  const Site& site = sites_.at(name);
  if (site.pool->in_use()) {
    return Fail(name, absl::FailedPreconditionError(absl::StrCat(
                          "interface ", site.record.interface_id,
                          " is gone from the VPC, and with it the addresses "
                          "of pods: delete these pods")));
  }
  if (site.pool->keeper().steward().in_flight() > 0) {
    return Fail(name, absl::UnavailableError("the VPC is still being asked "
                                             "about the interface before"));
  }
  Tell(pool::Reason::kInterfaceClosed, record.realm,
       absl::StrCat(site.record.interface_id, " is gone from the VPC"));
  RemovePool(name);
  RemoveSite(name);
  const auto anew = OpenSite(name, &record, absl::Now() + kLockLimit);
  if (!anew.ok()) {
    return networking_.OnFailed(record.realm, anew.status(), absl::Now());
  }
  Prepare(name);
}

void Realms::RemovePool(const std::string& name) {
  Site& site = sites_.at(name);
  if (site.pool == nullptr) return;
  parts_.on_closing(*site.pool);
  parts_.pools.Remove(*site.pool);
  site.pool = nullptr;
}

void Realms::Prepare(const std::string& name) {
  workers_.Run([this, name, record = sites_.at(name).record,
                main = parts_.pools.own().node(),
                root = parts_.options.sysctl_root, limit = parts_.link_limit] {
    auto node = PrepareLink(record, main, root, absl::Now() + limit);
    parts_.loop.Post(
        [this, name, node = std::move(node)] { OnPrepared(name, node); });
  });
}

void Realms::OnPrepared(const std::string& name,
                        const absl::StatusOr<netlink::Node>& node) {
  Site& site = sites_.at(name);
  if (!node.ok()) return Fail(name, node.status());
  if (site.pool != nullptr) {
    site.pool->UseNode(*node);
  } else if (const absl::Status status = OpenPool(site, *node); !status.ok()) {
    return Fail(name, status);
  }
  networking_.OnOpened(site.record.realm);
  Tell(pool::Reason::kInterfaceOpened, site.record.realm,
       absl::StrCat(node->name, ", ", site.record.interface_id));
  See();
  Kick();
  parts_.on_change();
}

// What was refused for good leaves nothing behind in the cloud.
void Realms::Fail(const std::string& name, const absl::Status& status) {
  const Site& site = sites_.at(name);
  const Realm realm = site.record.realm;
  networking_.OnFailed(realm, status, absl::Now());
  Tell(pool::Reason::kInterfaceUnavailable, realm,
       std::string(status.message()));
  if (site.pool == nullptr && site.record.stage == Stage::kWanted &&
      !MayChange(status)) {
    RemoveSite(name);
  }
  See();
  Kick();
  parts_.on_change();
}

// With a link that goes down goes its table, and the kernel doesn't bring it
// back with the link. What is right is left alone.
void Realms::Refresh(const std::string& name) {
  Site& site = sites_.at(name);
  if (site.pool == nullptr || site.pool->node().ifindex == 0 ||
      site.refreshing) {
    return;
  }
  site.refreshing = true;
  workers_.Run([this, name, record = site.record,
                main = parts_.pools.own().node(),
                root = parts_.options.sysctl_root] {
    const auto node = PrepareLink(record, main, root, absl::InfinitePast());
    parts_.loop.Post([this, name, status = node.status()] {
      const auto again = sites_.find(name);
      if (again != sites_.end()) again->second.refreshing = false;
      if (!status.ok()) {
        LOG(WARNING) << "realm " << name << ": " << status.message();
      }
    });
  });
}

void Realms::OnEvent(const netlink::Event& event) {
  const auto* changed = std::get_if<netlink::LinkChanged>(&event);
  const auto* gone = std::get_if<netlink::LinkGone>(&event);
  if (changed == nullptr && gone == nullptr) return;
  const uint32_t ifindex =
      changed == nullptr ? gone->ifindex : changed->link.index;
  for (const auto& [name, site] : sites_) {
    if (site.pool == nullptr || site.pool->node().ifindex != ifindex) continue;
    return changed == nullptr ? OnLinkGone(name) : Refresh(name);
  }
}

void Realms::OnLinkGone(const std::string& name) {
  Site& site = sites_.at(name);
  netlink::Node node = site.pool->node();
  node.ifindex = 0;
  site.pool->UseNode(node);
  if (!started_ || site.record.stage != Stage::kAttached) return;
  LOG(WARNING) << "interface=" << node.name << " is gone";
  networking_.OnOpening(site.record.realm);
  Attach(name);
}

// --- closing

// A pool that has something under way isn't closed now.
bool Realms::MayClose(const Realm& realm) const {
  const auto site = sites_.find(realm.Name());
  if (site == sites_.end() || site->second.pool == nullptr) return false;
  const pool::Steward& steward = site->second.pool->keeper().steward();
  return steward.obstacle(absl::Now()).ok() && steward.in_flight() == 0 &&
         site->second.pool->store_status().ok();
}

void Realms::Close(const Realm& realm) {
  const std::string name = realm.Name();
  Site& site = sites_.at(name);
  site.record.stage = Stage::kUnwanted;
  site.record.since = absl::Now();
  const absl::Status status = Remember(site);
  if (site.pool != nullptr) site.pool->OnStoreStatus(status);
  if (!status.ok()) {
    site.record.stage = Stage::kAttached;
    return;
  }
  networking_.OnClosing(realm);
  if (site.pool != nullptr) {
    site.node = site.pool->node();
    site.provider = site.pool->keeper().provider();
  }
  RemovePool(name);
  TakeAwayOf(name);
}

// Of one that has no pool any more; null if it can't be: then its addresses go
// with it.
std::shared_ptr<vpc::Provider> Realms::ProviderOf(const RealmRecord& record) {
  const netlink::Node node = {.mac = record.mac, .address = record.address};
  const Options options = OptionsFor(parts_.options, record);
  auto provider =
      ledger::OpenProvider(options.vpc, options.state_dir, node, parts_.access);
  if (provider.ok()) return *std::move(provider);
  LOG(WARNING) << "interface=" << record.interface_id << ": "
               << provider.status().message();
  return nullptr;
}

void Realms::TakeAwayOf(const std::string& name) {
  Site& site = sites_.at(name);
  if (site.provider == nullptr) site.provider = ProviderOf(site.record);
  workers_.Run([this, name, record = site.record, node = site.node,
                provider = site.provider, interfaces = interfaces_] {
    const absl::Status status =
        TakeAway(interfaces.get(), provider.get(), record, node);
    parts_.loop.Post([this, name, status] { OnTakenAway(name, status); });
  });
}

void Realms::OnTakenAway(const std::string& name, const absl::Status& status) {
  Site& site = sites_.at(name);
  if (!status.ok()) {
    LOG(WARNING) << "interface=" << site.record.interface_id
                 << " can't be given back yet: " << status.message();
    site.retry = std::make_unique<base::Timer>(
        parts_.loop, [this, name] { TakeAwayOf(name); });
    return site.retry->Set(kTakeAwayRetry);
  }
  const Realm realm = site.record.realm;
  Tell(pool::Reason::kInterfaceClosed, realm, site.record.interface_id);
  RemoveSite(name);
  networking_.OnClosed(realm);
  Kick();
  parts_.on_change();
}

void Realms::RemoveSite(const std::string& name) {
  const auto site = sites_.find(name);
  site->second.metrics.Forget();
  sites_.erase(site);
  const absl::Status status =
      ledger::RemoveRealmDir(parts_.options.state_dir, name);
  if (!status.ok()) LOG(ERROR) << "realm " << name << ": " << status.message();
}

void Realms::Tell(pool::Reason reason, const Realm& realm, std::string text) {
  LOG(INFO) << "realm=" << realm.Name() << " reason=" << pool::NameOf(reason)
            << ": " << text;
  parts_.note(
      {.reason = reason, .subnet = realm.subnet, .text = std::move(text)});
}

}  // namespace applets::ipamd
