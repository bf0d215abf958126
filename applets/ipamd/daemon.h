#ifndef CNIVPC_APPLETS_IPAMD_DAEMON_H_
#define CNIVPC_APPLETS_IPAMD_DAEMON_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "applets/ipamd/admin.h"
#include "applets/ipamd/cluster.h"
#include "applets/ipamd/desk.h"
#include "applets/ipamd/fixed/fixed_addresses.h"
#include "applets/ipamd/janitor.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/log_tail.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/node_condition.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/realms.h"
#include "applets/ipamd/reception.h"
#include "applets/ipamd/steady_status.h"
#include "applets/ipamd/subnet_pool.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ledger/ledger.h"
#include "applets/rpc/server.h"
#include "base/loop.h"
#include "netlink/node.h"

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
  Daemon(base::Loop& loop, const Options& options, base::Task on_stopped);
  absl::Status Assemble(std::unique_ptr<ledger::Ledger> ledger,
                        const netlink::Node& node);
  absl::Status OpenUndertaker();
  absl::Status OpenOwn(std::unique_ptr<ledger::Ledger> ledger,
                       const netlink::Node& node);
  absl::Status OpenRealms();
  void OpenReception();
  void OpenJanitor();
  uint32_t InterfaceOf(const std::optional<base::Ipv4>& ip) const;
  void OpenAdmin();
  void OpenCluster();
  void OpenFixed();
  std::function<absl::StatusOr<pool::Tenants>()> TenantsLister() const;
  SubnetPool& own() const { return pools_->own(); }
  SubnetPool::Handlers HandlersFor(const Realm& realm);
  int Demand(const Realm& realm) const;
  void OnOpened(SubnetPool& pool);
  void KickAll();
  void OnChange();
  using Turned = std::function<void(const Desk::Turn&)>;
  void Direct(const kube::Pod* pod, const SubnetPool& pool,
              const pool::Wish& wish, const Turned& turned);
  void Bring(const kube::Pod& pod, const pool::Wish& wish,
             const Turned& turned);
  void Write(Note note);
  void InstallConflist();
  void OnRecords(const Realm& realm, const pool::Records& records);
  absl::Status Readiness() const;
  void Declare();

  void OnCall(const rpc::Call& call, rpc::Reply reply);
  void Route(const rpc::Call& call, rpc::Reply reply);
  void Get(const rpc::Call& call, const rpc::Reply& reply);
  void Post(const rpc::Call& call, rpc::Reply reply);
  std::string MetricsText();
  rpc::PoolReply PoolNow() const;

  void OnLinkEvent(const netlink::Event& event);
  void Begin();

  void DrainQueue();
  void StopWhenIdle();

  base::Loop& loop_;
  const Options options_;
  base::Task on_stopped_;
  LogTail log_;
  Journal journal_{absl::Now()};
  Metrics metrics_;
  SteadyStatus told_;  // to those who ask for STATUS
  bool stopping_ = false;
  absl::Time stop_deadline_;

  ledger::SharedAccess access_;
  std::unique_ptr<Undertaker> undertaker_;
  std::unique_ptr<Pools> pools_;
  bool own_started_ = false;
  std::unique_ptr<Janitor> janitor_;
  std::unique_ptr<Mender> mender_;    // nullptr with --repair=none
  std::unique_ptr<Cluster> cluster_;  // null if there is none
  std::unique_ptr<Realms> realms_;
  std::unique_ptr<Reception> reception_;
  std::unique_ptr<fixed::FixedAddresses> fixed_;  // null without a cluster
  std::unique_ptr<NodeCondition> condition_;      // null if it isn't wanted
  std::unique_ptr<Admin> admin_;
  base::Timer conflist_timer_;
  base::Timer queue_timer_;
  base::Timer stop_timer_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_DAEMON_H_
