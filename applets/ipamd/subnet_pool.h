#ifndef CNIVPC_APPLETS_IPAMD_SUBNET_POOL_H_
#define CNIVPC_APPLETS_IPAMD_SUBNET_POOL_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/ipamd/announcer.h"
#include "applets/ipamd/desk.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/keeper.h"
#include "applets/ipamd/mender.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/prober.h"
#include "applets/ipamd/shifter.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ledger/ledger.h"
#include "applets/ledger/realm.h"
#include "applets/ledger/vpc_config.h"
#include "applets/rpc/server.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/link.h"
#include "netlink/node.h"
#include "pool/steward.h"

namespace applets::ipamd {

using ledger::Realm;

// The times that a pool's decisions depend on.
pool::Policy PolicyOf(const Options& options);

// The addresses of one network interface, and all that works for them: the
// store, the desk where they are leased, the keeper that gets them from the VPC
// and gives them back, their probes, announcements and moves between nodes.
// And its pods' networks, that they stay as they are; their links are the
// node's, and so is who takes them down and sweeps up (Undertaker, Janitor).
// Lives on the loop's thread.
class SubnetPool {
 public:
  struct Handlers {
    // How many pods are about to ask for an address.
    std::function<int()> demand;
    // As Keeper::Handlers has it; may be empty.
    std::function<absl::StatusOr<pool::Tenants>()> tenants;
    // Answers a call that only looks, as on the socket.
    std::function<void(const rpc::Call&, const rpc::Reply&)> look;
    // As Keeper::Handlers has it; may be empty.
    std::function<bool(base::Ipv4)> is_others;
    // The address of the node's main interface, the gateway of all pods.
    std::function<base::Ipv4()> gateway;
    // For the journal.
    std::function<void(Note)> note;
    // The pool has changed by these.
    std::function<void(const pool::Records&)> on_records;
  };
  struct Parts {
    base::Loop& loop;
    Metrics& metrics;
    Undertaker& undertaker;
    // Of this interface and its subnet; `vpc` leaves nothing open.
    Options options;
    ledger::SharedAccess access;  // of all pools
    std::unique_ptr<ledger::Ledger> ledger;
    // Number 0 if the link isn't there yet: until UseNode nothing is probed.
    netlink::Node node;
    Realm realm;
    base::Ipv4Prefix prefix;  // the subnet's
    Handlers handlers;
  };

  // Errors of ledger::OpenProvider, Prober::Open and Shifter::Open.
  static absl::StatusOr<std::unique_ptr<SubnetPool>> Open(Parts parts);
  ~SubnetPool();

  // Begins; once, when all handlers can be called.
  void Start();
  // From now on its addresses are found at this interface.
  void UseNode(const netlink::Node& node);
  // A link of the node has changed, this pool's or another one.
  void OnLink(const netlink::Link& link);
  // Lends nothing any more.
  void Stop();

  ledger::Ledger& ledger() { return *parts_.ledger; }
  const ledger::Ledger& ledger() const { return *parts_.ledger; }
  const pool::Pool& pool() const { return parts_.ledger->pool(); }
  Desk& desk() { return *desk_; }
  const Desk& desk() const { return *desk_; }
  Keeper& keeper() { return *keeper_; }
  const Keeper& keeper() const { return *keeper_; }
  Shifter& shifter() { return *shifter_; }
  const netlink::Node& node() const { return parts_.node; }
  const Options& options() const { return parts_.options; }
  const std::string& subnet() const { return parts_.options.vpc.subnet; }
  const Realm& realm() const { return parts_.realm; }
  const std::string& name() const { return name_; }
  const base::Ipv4Prefix& prefix() const { return parts_.prefix; }
  // A pod has an address, or waits for one.
  bool in_use() const;

  // Stores and applies; for those who aren't parts of it.
  absl::Status Record(const pool::Records& records);
  // A record was stored, or couldn't be.
  void OnStoreStatus(const absl::Status& status);
  // A store that failed is tried again.
  void RetryStore();
  const absl::Status& store_status() const { return store_status_; }
  // Why no address could be leased now, or OK.
  absl::Status Readiness() const;

  // Into the log and the journal.
  void Tell(const pool::Note& note);
  void UpdateMetrics();

 private:
  explicit SubnetPool(Parts parts);
  absl::Status Assemble();
  absl::Status OpenProber();
  absl::Status OpenShifter();
  Keeper::Handlers KeeperHandlers();
  std::function<void(int)> Borrowing();
  void OnRecords(const pool::Records& records);
  void WatchOver(const pool::Records& records);

  Parts parts_;
  const std::string name_;
  absl::Status store_status_;
  Announcer announcer_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Shifter> shifter_;
  std::unique_ptr<Mender> mender_;  // null with --repair=none
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SUBNET_POOL_H_
