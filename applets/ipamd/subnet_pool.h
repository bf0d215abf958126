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
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/prober.h"
#include "applets/ipamd/shifter.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ledger/ledger.h"
#include "applets/rpc/server.h"
#include "base/loop.h"
#include "netlink/link.h"
#include "netlink/node.h"
#include "pool/steward.h"

namespace applets::ipamd {

// The addresses of one network interface, and all that works for them: the
// store, the desk where they are leased, the keeper that gets them from the VPC
// and gives them back, their probes, announcements and moves between nodes.
// Pods' links are the node's, and so is who looks after them (Undertaker,
// Janitor, Mender). Lives on the loop's thread.
class SubnetPool {
 public:
  struct Handlers {
    // How many pods are about to ask for an address.
    std::function<int()> demand;
    // As Keeper::Handlers has it; may be empty.
    std::function<absl::StatusOr<pool::Tenants>()> tenants;
    // Answers a call that only looks, as on the socket.
    std::function<void(const rpc::Call&, const rpc::Reply&)> look;
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
    std::unique_ptr<ledger::Ledger> ledger;
    netlink::Node node;
    Handlers handlers;
  };

  // Errors of ledger::OpenProvider, Prober::Open and Shifter::Open.
  static absl::StatusOr<std::unique_ptr<SubnetPool>> Open(Parts parts);
  ~SubnetPool();

  // Begins; once, when all handlers can be called.
  void Start();
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
  absl::Status store_status_;
  Announcer announcer_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Shifter> shifter_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SUBNET_POOL_H_
