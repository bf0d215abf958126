#include "applets/ipamd/daemon.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ledger/locate.h"
#include "applets/ledger/queue.h"
#include "applets/rpc/query.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/sysctl.h"

namespace applets::ipamd {
namespace {

// The plugin holds the store for one transaction at a time.
constexpr absl::Duration kLockLimit = absl::Seconds(10);
constexpr absl::Duration kQueueInterval = absl::Seconds(5);
constexpr int kMetadataAttempts = 3;
// A pool that is dry for less isn't told by STATUS.
constexpr absl::Duration kStatusHold = absl::Seconds(5);
constexpr absl::Duration kStopPoll = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(base::Loop& loop,
                                                      const Options& options,
                                                      base::Task on_stopped) {
  const absl::Time now = absl::Now();
  pool::Policy policy;
  policy.cooldown = options.vpc.cooldown;
  policy.probing = options.acd_timing.probes > 0;
  if (!options.peers.access.none()) {
    policy.loss_hold = pool::ShiftOptions().Aftermath();
  }
  ASSIGN_OR_RETURN(auto ledger, ledger::Ledger::Open(options.state_dir, policy,
                                                     now, now + kLockLimit));
  if (!ledger->set_aside().empty()) {
    LOG(ERROR) << "THE STORE WAS DAMAGED. It is kept as " << ledger->set_aside()
               << "; a new one is built from the VPC's list and the node's "
                  "links before any address is given out.";
  }
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(const std::string stored, ledger->store().Setting("vpc"));
  ASSIGN_OR_RETURN(
      const ledger::Location location,
      ledger::Locate(options.vpc, stored, kMetadataAttempts, host));
  RETURN_IF_ERROR(netlink::PrepareNode(netlink::Sysctl(options.sysctl_root),
                                       location.node.name));
  Options located = options;
  located.vpc = location.vpc;
  std::unique_ptr<Daemon> daemon(
      new Daemon(loop, located, std::move(on_stopped)));
  RETURN_IF_ERROR(daemon->Assemble(std::move(ledger), location.node));
  return daemon;
}

Daemon::Daemon(base::Loop& loop, const Options& options, base::Task on_stopped)
    : loop_(loop),
      options_(options),
      on_stopped_(std::move(on_stopped)),
      told_(kStatusHold),
      conflist_timer_(loop, [this] { InstallConflist(); }),
      queue_timer_(loop, [this] { DrainQueue(); }),
      stop_timer_(loop, [this] { StopWhenIdle(); }) {}

Daemon::~Daemon() = default;

absl::Status Daemon::Assemble(std::unique_ptr<ledger::Ledger> ledger,
                              const netlink::Node& node) {
  Declare();
  RETURN_IF_ERROR(OpenUndertaker());
  RETURN_IF_ERROR(OpenOwn(std::move(ledger), node));
  OpenJanitor();
  RETURN_IF_ERROR(OpenMender());
  OpenCluster();
  OpenFixed();
  OpenAdmin();
  RETURN_IF_ERROR(
      own_->ledger().store().SetSetting("vpc", ledger::ToJson(options_.vpc)));
  ASSIGN_OR_RETURN(
      server_,
      rpc::Server::Listen(
          loop_, options_.socket,
          {[this](const rpc::Call& call, rpc::Reply reply) {
             OnCall(call, std::move(reply));
           },
           [this](uint64_t connection) { own_->desk().OnClose(connection); }}));
  Begin();
  return absl::OkStatus();
}

void Daemon::Begin() {
  own_->Start();
  if (cluster_ != nullptr) cluster_->Start();
  if (condition_ != nullptr) condition_->Start();
  if (fixed_ != nullptr) fixed_->Start();
  InstallConflist();
  DrainQueue();
  janitor_->Begin(options_.attach_grace);
  if (mender_ != nullptr) mender_->Begin();
  const netlink::Node& node = own_->node();
  const pool::Counts& counts = own_->pool().counts();
  LOG(INFO) << "serving socket=" << options_.socket << " node=" << options_.node
            << " interface=" << node.name
            << " address=" << node.address.ToString()
            << " vpc=" << options_.vpc.vpc << " subnet=" << options_.vpc.subnet
            << " leased=" << counts.leased << " warm=" << counts.warm;
}

absl::Status Daemon::OpenUndertaker() {
  ASSIGN_OR_RETURN(
      undertaker_,
      Undertaker::Open(loop_, {[this] { return own_->node().ifindex; },
                               [this](const netlink::Event& event) {
                                 OnLinkEvent(event);
                               }}));
  return absl::OkStatus();
}

absl::Status Daemon::OpenOwn(std::unique_ptr<ledger::Ledger> ledger,
                             const netlink::Node& node) {
  SubnetPool::Handlers handlers;
  handlers.demand = [this] { return cluster_ ? cluster_->Demand() : 0; };
  handlers.tenants = TenantsLister();
  handlers.look = [this](const rpc::Call& call, const rpc::Reply& reply) {
    Get(call, reply);
  };
  handlers.note = [this](Note note) { Write(std::move(note)); };
  handlers.on_records = [this](const pool::Records& records) {
    OnRecords(records);
  };
  ASSIGN_OR_RETURN(
      own_, SubnetPool::Open({loop_, metrics_, *undertaker_, options_,
                              std::move(ledger), node, std::move(handlers)}));
  return absl::OkStatus();
}

void Daemon::OpenJanitor() {
  janitor_ = std::make_unique<Janitor>(Janitor::Parts{
      loop_, own_->ledger(), *undertaker_, own_->desk(), own_->keeper(),
      metrics_, own_->node(), options_.sweep_interval, options_.gc_grace,
      [this](const absl::Status& status) { own_->OnStoreStatus(status); },
      [this](Note note) { Write(std::move(note)); }});
}

absl::Status Daemon::OpenMender() {
  if (options_.repair == Drift::Scope::kNone) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      mender_, Mender::Open({loop_, own_->pool(), *undertaker_, metrics_,
                             own_->node(), options_.repair,
                             [this](Note note) { Write(std::move(note)); }}));
  return absl::OkStatus();
}

void Daemon::OpenAdmin() {
  admin_ = std::make_unique<Admin>(Admin::Parts{
      loop_, own_->ledger(), own_->keeper(), own_->desk(), *janitor_,
      own_->node(), options_, journal_, log_,
      [this] { return own_->store_status(); }, [this] { return stopping_; },
      [this](const absl::Status& status) { own_->OnStoreStatus(status); },
      [this] { return cluster_ == nullptr ? "" : cluster_->Health(); },
      [this](const std::string& node, const rpc::Call& call,
             const rpc::Reply& reply) {
        if (node == options_.node) return Get(call, reply);
        own_->shifter().LookAt(node, call.path + rpc::FormatQuery(call.query),
                               reply);
      }});
}

void Daemon::OnRecords(const pool::Records& records) {
  if (own_->pool().counts().warm > 0) {
    told_.OnWarm();
    if (condition_ != nullptr) condition_->OnWarm();
  }
  if (admin_ != nullptr) admin_->OnRecords(records);
  if (cluster_ != nullptr) cluster_->OnRecords();
  if (fixed_ != nullptr) fixed_->OnRecords();
}

// --- the node

void Daemon::OnLinkEvent(const netlink::Event& event) {
  const auto* changed = std::get_if<netlink::LinkChanged>(&event);
  if (changed != nullptr) own_->OnLink(changed->link);
}

// --- leftovers

void Daemon::DrainQueue() {
  queue_timer_.Set(kQueueInterval);
  own_->RetryStore();
  auto queue = ledger::ReadQueue(options_.state_dir);
  if (!queue.ok()) {
    LOG(ERROR) << "queue: " << queue.status().message();
    return;
  }
  for (const std::string& bad : queue->bad) LOG(ERROR) << "queue: " << bad;
  for (const ledger::Queued& entry : queue->entries) {
    LOG(INFO) << "queued release attachment="
              << entry.request.attachment.ToString();
    metrics_.Add("cnivpc_queued_releases_total");
    own_->desk().Release(entry.request, 0, [entry](absl::Status status) {
      if (!status.ok()) return;  // it stays, and is tried again
      status = ledger::Forget(entry);
      if (!status.ok()) LOG(ERROR) << "queue: " << status.message();
    });
  }
}

// --- stopping

void Daemon::Stop() {
  if (stopping_) return;
  LOG(INFO) << "stopping: calls=" << server_->pending()
            << " adds_under_way=" << own_->desk().guards();
  stopping_ = true;
  stop_deadline_ = absl::Now() + options_.drain_timeout;
  server_->StopListening();
  own_->Stop();
  if (fixed_ != nullptr) fixed_->Stop();
  StopWhenIdle();
}

void Daemon::StopWhenIdle() {
  const bool idle = server_->pending() == 0 && own_->desk().guards() == 0 &&
                    undertaker_->pending() == 0 &&
                    own_->shifter().pending() == 0;
  if (!idle && absl::Now() < stop_deadline_) return stop_timer_.Set(kStopPoll);
  if (!idle) LOG(WARNING) << "stopped with calls under way";
  on_stopped_();
}

}  // namespace applets::ipamd
