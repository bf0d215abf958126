#ifndef CNIVPC_APPLETS_IPAMD_DAEMON_H_
#define CNIVPC_APPLETS_IPAMD_DAEMON_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "applets/ipamd/admin.h"
#include "applets/ipamd/announcer.h"
#include "applets/ipamd/cluster.h"
#include "applets/ipamd/desk.h"
#include "applets/ipamd/fixed/fixed_addresses.h"
#include "applets/ipamd/janitor.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/keeper.h"
#include "applets/ipamd/log_tail.h"
#include "applets/ipamd/mender.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/prober.h"
#include "applets/ipamd/shifter.h"
#include "applets/ipamd/steady_status.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ledger/ledger.h"
#include "applets/rpc/server.h"
#include "base/loop.h"
#include "netlink/node.h"
#include "vpc/provider.h"

namespace applets::ipamd {

// All of ipamd: who is who, what is called when, and how it stops. Its parts do
// the work. One thread, the loop's, owns all state.
class Daemon {
 public:
  // Takes the store's lock, replays the store, finds the node's interface and
  // listens. `on_stopped` is called when a graceful stop is done.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(base::Loop& loop,
                                                       const Options& options,
                                                       base::Task on_stopped);
  ~Daemon();

  // Takes no new calls, finishes those under way (but no longer than the drain
  // time-out), then calls `on_stopped`.
  void Stop();

 private:
  Daemon(base::Loop& loop, const Options& options,
         std::unique_ptr<ledger::Ledger> ledger, netlink::Node node,
         base::Task on_stopped);
  absl::Status Assemble();
  absl::Status OpenProber();
  std::function<void(int)> Borrowing();
  absl::Status OpenShifter();
  absl::Status OpenMender();
  void OpenAdmin();
  void OpenCluster();
  void OpenFixed();
  std::function<absl::StatusOr<pool::Tenants>()> TenantsLister() const;
  using Turned = std::function<void(const Desk::Turn&)>;
  void Direct(const kube::Pod* pod, const pool::Wish& wish,
              const Turned& turned);
  void Bring(const kube::Pod& pod, const pool::Wish& wish,
             const Turned& turned);
  void Write(Note note);
  void InstallConflist();
  void OnRecords(const pool::Records& records);
  absl::Status Readiness() const;
  void WatchOver(const pool::Records& records);
  void Tell(const pool::Note& note);
  void Declare();

  void OnCall(const rpc::Call& call, rpc::Reply reply);
  void Route(const rpc::Call& call, rpc::Reply reply);
  void Get(const rpc::Call& call, const rpc::Reply& reply);
  void Post(const rpc::Call& call, rpc::Reply reply);
  std::string MetricsText();

  void OnLinkEvent(const netlink::Event& event);
  void OnStoreStatus(const absl::Status& status);

  void DrainQueue();
  void RetryStore();
  void StopWhenIdle();

  base::Loop& loop_;
  const Options options_;
  base::Task on_stopped_;
  LogTail log_;
  Journal journal_{absl::Now()};
  Metrics metrics_;
  std::unique_ptr<ledger::Ledger> ledger_;
  netlink::Node node_;
  absl::Status store_status_;
  SteadyStatus told_;  // to those who ask for STATUS
  absl::Time unguarded_until_;
  bool stopping_ = false;
  absl::Time stop_deadline_;

  Announcer announcer_;
  std::unique_ptr<Undertaker> undertaker_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Janitor> janitor_;
  std::unique_ptr<Shifter> shifter_;
  std::unique_ptr<Mender> mender_;                // nullptr with --repair=none
  std::unique_ptr<Cluster> cluster_;              // null if there is none
  std::unique_ptr<fixed::FixedAddresses> fixed_;  // null without a cluster
  std::unique_ptr<Admin> admin_;
  const vpc::Provider* vpc_ = nullptr;  // keeper_'s
  base::Timer conflist_timer_;
  base::Timer queue_timer_;
  base::Timer stop_timer_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_DAEMON_H_
