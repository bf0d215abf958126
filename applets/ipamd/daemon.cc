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
  ASSIGN_OR_RETURN(auto ledger,
                   ledger::Ledger::Open(options.state_dir, PolicyOf(options),
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

// All stores are open before anybody is served, so that every lease is known.
absl::Status Daemon::Assemble(std::unique_ptr<ledger::Ledger> ledger,
                              const netlink::Node& node) {
  Declare();
  RETURN_IF_ERROR(OpenUndertaker());
  RETURN_IF_ERROR(OpenOwn(std::move(ledger), node));
  RETURN_IF_ERROR(OpenRealms());
  OpenJanitor();
  OpenCluster();
  OpenFixed();
  OpenReception();
  OpenAdmin();
  RETURN_IF_ERROR(
      own().ledger().store().SetSetting("vpc", ledger::ToJson(options_.vpc)));
  ASSIGN_OR_RETURN(
      server_,
      rpc::Server::Listen(
          loop_, options_.socket,
          {[this](const rpc::Call& call, rpc::Reply reply) {
             OnCall(call, std::move(reply));
           },
           [this](uint64_t connection) { reception_->OnClose(connection); }}));
  Begin();
  return absl::OkStatus();
}

void Daemon::Begin() {
  realms_->Start();
  OnChange();
  if (cluster_ != nullptr) cluster_->Start();
  if (condition_ != nullptr) condition_->Start();
  if (fixed_ != nullptr) fixed_->Start();
  InstallConflist();
  DrainQueue();
  janitor_->Begin(options_.attach_grace);
  const netlink::Node& node = own().node();
  const pool::Counts& counts = own().pool().counts();
  LOG(INFO) << "serving socket=" << options_.socket << " node=" << options_.node
            << " interface=" << node.name
            << " address=" << node.address.ToString()
            << " vpc=" << options_.vpc.vpc << " subnet=" << options_.vpc.subnet
            << " leased=" << counts.leased << " warm=" << counts.warm;
}

absl::Status Daemon::OpenUndertaker() {
  ASSIGN_OR_RETURN(
      undertaker_,
      Undertaker::Open(loop_, {[this](const std::optional<base::Ipv4>& ip) {
                                 return InterfaceOf(ip);
                               },
                               [this](const netlink::Event& event) {
                                 OnLinkEvent(event);
                               }}));
  return absl::OkStatus();
}

absl::Status Daemon::OpenOwn(std::unique_ptr<ledger::Ledger> ledger,
                             const netlink::Node& node) {
  const Realm realm = {options_.vpc.subnet, {}};
  ASSIGN_OR_RETURN(access_, ledger::OpenAccess(options_.vpc));
  ASSIGN_OR_RETURN(auto own,
                   SubnetPool::Open({loop_, metrics_, *undertaker_, options_,
                                     access_, std::move(ledger), node, realm,
                                     base::Ipv4Prefix::Containing(
                                         node.address, node.prefix_length),
                                     HandlersFor(realm)}));
  pools_ = std::make_unique<Pools>(std::move(own));
  return absl::OkStatus();
}

SubnetPool::Handlers Daemon::HandlersFor(const Realm& realm) {
  const bool is_own = pools_ == nullptr;
  SubnetPool::Handlers handlers;
  handlers.demand = [this, realm] { return Demand(realm); };
  if (is_own) handlers.tenants = TenantsLister();
  handlers.look = [this](const rpc::Call& call, const rpc::Reply& reply) {
    Get(call, reply);
  };
  handlers.gateway = [this] { return own().node().address; };
  handlers.is_others = [this, name = realm.Name()](base::Ipv4 ip) {
    return pools_->IsOthers(pools_->Find(name), ip);
  };
  handlers.note = [this](Note note) { Write(std::move(note)); };
  handlers.on_records = [this, realm](const pool::Records& records) {
    OnRecords(realm, records);
  };
  return handlers;
}

void Daemon::OpenJanitor() {
  janitor_ = std::make_unique<Janitor>(Janitor::Parts{
      loop_, *pools_, *undertaker_, metrics_, options_.sweep_interval,
      options_.gc_grace, [this] { return realms_->is_blind(); },
      [this](Note note) { Write(std::move(note)); }});
}

uint32_t Daemon::InterfaceOf(const std::optional<base::Ipv4>& ip) const {
  return (ip ? pools_->HolderOrOwn(*ip) : own()).node().ifindex;
}

void Daemon::OpenAdmin() {
  admin_ = std::make_unique<Admin>(Admin::Parts{
      loop_, *pools_, *janitor_, options_, journal_, log_,
      [this] { return stopping_; }, [this] { return reception_->Waiters(); },
      [this] { return cluster_ == nullptr ? "" : cluster_->Health(); },
      [this](const std::string& node, const rpc::Call& call,
             const rpc::Reply& reply) {
        if (node == options_.node) return Get(call, reply);
        own().shifter().LookAt(node, call.path + rpc::FormatQuery(call.query),
                               reply);
      }});
}

void Daemon::OnRecords(const Realm& realm, const pool::Records& records) {
  if (own().pool().counts().warm > 0) {
    told_.OnWarm();
    if (condition_ != nullptr) condition_->OnWarm();
  }
  if (admin_ != nullptr) admin_->OnRecords(records);
  const SubnetPool* pool = pools_->Find(realm.Name());
  if (cluster_ != nullptr && pool != nullptr) cluster_->OnRecords(*pool);
  if (fixed_ != nullptr && pool == &own()) fixed_->OnRecords();
  if (realms_ != nullptr) realms_->Kick();
}

// --- the node

void Daemon::OnLinkEvent(const netlink::Event& event) {
  const auto* changed = std::get_if<netlink::LinkChanged>(&event);
  if (changed != nullptr) {
    for (const auto& pool : pools_->all()) pool->OnLink(changed->link);
  }
  realms_->OnEvent(event);
}

// --- leftovers

void Daemon::DrainQueue() {
  queue_timer_.Set(kQueueInterval);
  for (const auto& pool : pools_->all()) pool->RetryStore();
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
    reception_->Release(entry.request, 0, [entry](absl::Status status) {
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
            << " adds_under_way=" << reception_->guards();
  stopping_ = true;
  stop_deadline_ = absl::Now() + options_.drain_timeout;
  server_->StopListening();
  own().Stop();
  if (fixed_ != nullptr) fixed_->Stop();
  StopWhenIdle();
}

void Daemon::StopWhenIdle() {
  const bool idle = server_->pending() == 0 && reception_->guards() == 0 &&
                    undertaker_->pending() == 0 &&
                    own().shifter().pending() == 0;
  if (!idle && absl::Now() < stop_deadline_) return stop_timer_.Set(kStopPoll);
  if (!idle) LOG(WARNING) << "stopped with calls under way";
  on_stopped_();
}

}  // namespace applets::ipamd
