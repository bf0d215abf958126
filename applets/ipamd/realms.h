#ifndef CNIVPC_APPLETS_IPAMD_REALMS_H_
#define CNIVPC_APPLETS_IPAMD_REALMS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/networking.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/realm_opener.h"
#include "applets/ledger/ledger.h"
#include "applets/ledger/realm.h"
#include "applets/ledger/vpc_config.h"
#include "base/loop.h"
#include "kube/objects.h"
#include "netlink/monitor.h"
#include "vpc/interfaces.h"

namespace applets::ipamd {

// The node's further network interfaces and their pools: does what Networking
// decides. A realm is opened in steps, of which each that changes something in
// the cloud is in the realm's own store (ledger::RealmRecord) before:
//
//   its store, wanted → the cloud's interface, by its name → attached →
//   the link, its address and table → its pool serves
//
// and closed the other way: unwanted → its addresses and the interface go back
// to the cloud → the store is removed. What an earlier run left is opened or
// closed by this one; what it had attached is in the pools from the beginning,
// so that every lease is known.
//
// Lives on the loop's thread; what blocks is done on threads that own nothing.
class Realms {
 public:
  struct Parts {
    base::Loop& loop;
    Pools& pools;
    Metrics& metrics;
    Undertaker& undertaker;
    const Options& options;
    ledger::SharedAccess access;
    // Or why the node can't have further interfaces: then none is opened.
    absl::StatusOr<std::shared_ptr<vpc::Interfaces>> interfaces;
    // The same for every pool but `demand`, `is_others` and `on_records`.
    std::function<SubnetPool::Handlers(const Realm&)> handlers;
    // The pods that are about to ask for an address, or wait for an interface.
    std::function<std::vector<const kube::Pod*>()> pods;
    std::function<void(Note)> note;
    // A pool is open, or closes: it isn't used any more afterwards.
    std::function<void(SubnetPool&)> on_opened;
    std::function<void(SubnetPool&)> on_closing;
    // ADDs that wait for an interface are to be looked at.
    std::function<void()> on_change;
    // As Networking has it, and how long a link may take to appear.
    absl::Duration linger = Networking::kLinger;
    absl::Duration link_limit = kLinkLimit;
  };
  explicit Realms(Parts parts);
  ~Realms();

  // Opens all stores that there are, and the pools of what is attached. Errors
  // of Ledger::Open and SubnetPool::Open.
  absl::Status OpenStores(absl::Time deadline);
  // Begins; once, when all handlers can be called.
  void Start();

  // PodNetworkings have changed.
  void Take(const std::vector<Networking::Change>& changes, bool complete);
  // Pods or pools have changed: perhaps something is to be opened or closed.
  void Kick();
  // The kernel says that something has changed.
  void OnEvent(const netlink::Event& event);

  // Where a pod's address is to be from; null for one that nobody knows.
  Networking::Choice Choose(const kube::Pod* pod) const;
  const Networking& networking() const { return networking_; }
  // Interfaces of ours may exist that aren't known yet: a store was lost.
  bool is_blind() const { return blind_; }

 private:
  // What is known of a realm that isn't closed.
  struct Site {
    ledger::RealmRecord record;
    std::unique_ptr<ledger::Ledger> ledger;  // until the pool has it
    Metrics metrics;
    SubnetPool* pool = nullptr;  // the Pools'
    bool refreshing = false;
    // Of the interface that is taken away.
    netlink::Node node = {};
    std::shared_ptr<vpc::Provider> provider = {};
    std::unique_ptr<base::Timer> retry = {};  // of taking it away
  };

  absl::StatusOr<Site*> OpenSite(const std::string& name,
                                 const ledger::RealmRecord* wanted,
                                 absl::Time deadline);
  std::shared_ptr<vpc::Provider> ProviderOf(const ledger::RealmRecord& record);
  absl::Status OpenPool(Site& site, const netlink::Node& node);
  absl::Status Remember(Site& site);
  void RemoveSite(const std::string& name);

  void Act();
  void Reopen(absl::Time now);
  void Open(const Realm& realm);
  void Attach(const std::string& name);
  void OnAttached(const std::string& name,
                  const absl::StatusOr<vpc::Interface>& interface);
  void Replace(const std::string& name, const ledger::RealmRecord& record);
  void RemovePool(const std::string& name);
  void Prepare(const std::string& name);
  void OnPrepared(const std::string& name,
                  const absl::StatusOr<netlink::Node>& node);
  void Refresh(const std::string& name);
  void RefreshAll();
  void OnLinkGone(const std::string& name);
  void Fail(const std::string& name, const absl::Status& status);
  bool MayClose(const Realm& realm) const;
  void Close(const Realm& realm);
  void TakeAwayOf(const std::string& name);
  void OnTakenAway(const std::string& name, const absl::Status& status);
  void Survey();
  void OnSurveyed(const absl::StatusOr<std::vector<vpc::Interface>>& listed);
  bool Adopt(const vpc::Interface& interface);
  void See();

  Networking::Supply SupplyOf(const Realm& realm) const;
  Networking::Supplies Supplies() const;
  void Tell(pool::Reason reason, const Realm& realm, std::string text);
  void Mark();

  const Parts parts_;
  const std::shared_ptr<vpc::Interfaces> interfaces_;  // may be null
  Networking networking_;
  std::map<std::string, Site> sites_;  // by Realm::Name
  std::string marked_;                 // what ledger::kRealmsSetting has
  bool blind_ = false;
  bool surveyed_ = false;
  bool started_ = false;
  base::Timer timer_;
  base::Timer survey_timer_;
  base::Timer refresh_timer_;
  base::Workers workers_{2};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_REALMS_H_
