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
#include "netlink/conntrack.h"
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

// What needs somebody to act is an error, what we cope with a warning.
google::LogSeverity SeverityOf(pool::Reason reason) {
  switch (reason) {
    case pool::Reason::kLost:
    case pool::Reason::kStoreFailed:
    case pool::Reason::kVpcRefused:
      return google::GLOG_ERROR;
    case pool::Reason::kConflict:
    case pool::Reason::kContested:
    case pool::Reason::kFixedTaken:
    case pool::Reason::kPoolDry:
    case pool::Reason::kReclaimed:
    case pool::Reason::kSubnetExhausted:
    case pool::Reason::kVpcUnavailable:
      return google::GLOG_WARNING;
    default:
      return google::GLOG_INFO;
  }
}

void Log(const pool::Note& note) {
  std::string line = absl::StrCat("pool: reason=", pool::NameOf(note.reason));
  if (note.ip) absl::StrAppend(&line, " address=", note.ip->ToString());
  if (note.until > absl::InfinitePast()) {
    absl::StrAppend(&line, " until=", absl::FormatTime(note.until));
  }
  if (!note.text.empty()) absl::StrAppend(&line, ": ", note.text);
  google::LogMessage(__FILE__, __LINE__, SeverityOf(note.reason)).stream()
      << line;
}

// A socket of its own each time: it is seldom asked, and after an error the
// rest of the answer would still be coming in.
absl::StatusOr<std::set<base::Ipv4>> AskForFlows(
    const std::set<base::Ipv4>& addresses) {
  ASSIGN_OR_RETURN(netlink::Socket conntrack, netlink::OpenConntrack());
  return netlink::WithFlows(conntrack, addresses);
}

// Whether an address in that state is to be defended.
bool IsInUse(pool::State state) {
  return state == pool::State::kWarm || state == pool::State::kLeased ||
         state == pool::State::kCooling;
}

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
  std::unique_ptr<Daemon> daemon(new Daemon(
      loop, located, std::move(ledger), location.node, std::move(on_stopped)));
  RETURN_IF_ERROR(daemon->Assemble());
  return daemon;
}

Daemon::Daemon(base::Loop& loop, const Options& options,
               std::unique_ptr<ledger::Ledger> ledger, netlink::Node node,
               base::Task on_stopped)
    : loop_(loop),
      options_(options),
      on_stopped_(std::move(on_stopped)),
      ledger_(std::move(ledger)),
      node_(std::move(node)),
      told_(kStatusHold),
      announcer_(loop, metrics_,
                 [this](base::Ipv4 ip) {
                   const pool::Address* row = ledger_->pool().Find(ip);
                   return row != nullptr && row->lease.has_value();
                 }),
      conflist_timer_(loop, [this] { InstallConflist(); }),
      queue_timer_(loop, [this] { DrainQueue(); }),
      stop_timer_(loop, [this] { StopWhenIdle(); }) {}

Daemon::~Daemon() = default;

absl::Status Daemon::Assemble() {
  Declare();
  announcer_.UseInterface(node_);
  ASSIGN_OR_RETURN(
      undertaker_,
      Undertaker::Open(loop_, {[this] { return node_.ifindex; },
                               [this](const netlink::Event& event) {
                                 OnLinkEvent(event);
                               }}));
  desk_ = std::make_unique<Desk>(Desk::Parts{
      *ledger_, *undertaker_, announcer_, node_, options_.vpc.subnet, nullptr,
      [this](const absl::Status& status) { OnStoreStatus(status); },
      [this](Note note) { Write(std::move(note)); }});
  ASSIGN_OR_RETURN(auto provider, ledger::OpenProvider(
                                      options_.vpc, options_.state_dir, node_));
  RETURN_IF_ERROR(OpenProber());
  vpc_ = provider.get();
  keeper_ = std::make_unique<Keeper>(
      loop_, *ledger_, std::move(provider), options_, metrics_,
      Keeper::Handlers{
          .waiting = [this] { return desk_->waiting(); },
          .demand = [this] { return cluster_ ? cluster_->Demand() : 0; },
          .serve = [this](const absl::Status& status) { desk_->Serve(status); },
          .on_store_status =
              [this](const absl::Status& status) { OnStoreStatus(status); },
          .note = [this](const pool::Note& note) { Tell(note); },
          .probe = [this](base::Ipv4 ip) { prober_->Probe(ip); },
          .stop_probe = [this](base::Ipv4 ip) { prober_->Stop(ip); },
          .flows = &AskForFlows,
          .tenants = TenantsLister(),
          .borrow = Borrowing()});
  desk_->SetKeeper(keeper_.get());
  RETURN_IF_ERROR(OpenShifter());
  janitor_ = std::make_unique<Janitor>(Janitor::Parts{
      loop_, *ledger_, *undertaker_, *desk_, *keeper_, metrics_, node_,
      options_.sweep_interval, options_.gc_grace,
      [this](const absl::Status& status) { OnStoreStatus(status); },
      [this](Note note) { Write(std::move(note)); }});
  RETURN_IF_ERROR(OpenMender());
  OpenCluster();
  OpenFixed();
  OpenAdmin();
  RETURN_IF_ERROR(
      ledger_->store().SetSetting("vpc", ledger::ToJson(options_.vpc)));
  ASSIGN_OR_RETURN(
      server_,
      rpc::Server::Listen(
          loop_, options_.socket,
          {[this](const rpc::Call& call, rpc::Reply reply) {
             OnCall(call, std::move(reply));
           },
           [this](uint64_t connection) { desk_->OnClose(connection); }}));
  keeper_->Start();
  shifter_->Start();
  if (cluster_ != nullptr) cluster_->Start();
  if (fixed_ != nullptr) fixed_->Start();
  InstallConflist();
  DrainQueue();
  janitor_->Begin(options_.attach_grace);
  if (mender_ != nullptr) mender_->Begin();
  LOG(INFO) << "serving socket=" << options_.socket << " node=" << options_.node
            << " interface=" << node_.name
            << " address=" << node_.address.ToString()
            << " vpc=" << options_.vpc.vpc << " subnet=" << options_.vpc.subnet
            << " leased=" << ledger_->pool().counts().leased
            << " warm=" << ledger_->pool().counts().warm;
  return absl::OkStatus();
}

absl::Status Daemon::OpenProber() {
  Prober::Handlers handlers;
  handlers.on_admitted = [this](base::Ipv4 ip) { keeper_->OnAdmitted(ip); };
  handlers.on_conflict = [this](base::Ipv4 ip, const base::Mac& other) {
    keeper_->OnConflict(ip, other);
  };
  handlers.on_contested = [this](base::Ipv4 ip, const base::Mac& other,
                                 bool defended) {
    Tell(
        {pool::Reason::kContested, ip,
         absl::StrCat("claimed by ", other.ToString(),
                      defended ? ", defended" : ", not to be defended again")});
  };
  ASSIGN_OR_RETURN(prober_, Prober::Open(loop_, metrics_, options_.acd_timing,
                                         std::move(handlers)));
  prober_->UseInterface(node_);
  for (const auto& [ip, row] : ledger_->pool().addresses()) {
    WatchOver({pool::PutAddress{row}});
  }
  ledger_->SetObserver(
      [this](const pool::Records& records) { OnRecords(records); });
  return absl::OkStatus();
}

absl::Status Daemon::OpenMender() {
  if (options_.repair == Drift::Scope::kNone) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      mender_, Mender::Open({loop_, ledger_->pool(), *undertaker_, metrics_,
                             node_, options_.repair,
                             [this](Note note) { Write(std::move(note)); }}));
  return absl::OkStatus();
}

void Daemon::OpenAdmin() {
  admin_ = std::make_unique<Admin>(Admin::Parts{
      loop_, *ledger_, *keeper_, *desk_, *janitor_, node_, options_, journal_,
      log_, [this] { return store_status_; }, [this] { return stopping_; },
      [this](const absl::Status& status) { OnStoreStatus(status); },
      [this] { return cluster_ == nullptr ? "" : cluster_->Health(); },
      [this](const std::string& node, const rpc::Call& call,
             const rpc::Reply& reply) {
        if (node == options_.node) return Get(call, reply);
        shifter_->LookAt(node, call.path + rpc::FormatQuery(call.query), reply);
      }});
}

void Daemon::OnRecords(const pool::Records& records) {
  WatchOver(records);
  if (ledger_->pool().counts().warm > 0) told_.OnWarm();
  if (admin_ != nullptr) admin_->OnRecords(records);
  if (cluster_ != nullptr) cluster_->OnRecords();
  if (fixed_ != nullptr) fixed_->OnRecords();
}

// What the steward has to say: to the log and the journal.
void Daemon::Tell(const pool::Note& note) {
  Log(note);
  Note entry{.reason = note.reason,
             .address = note.ip,
             .subnet = options_.vpc.subnet,
             .text = note.text};
  if (note.until != absl::InfinitePast()) entry.until = note.until;
  const pool::Address* row = note.ip ? ledger_->pool().Find(*note.ip) : nullptr;
  if (row != nullptr && row->lease) {
    entry.attachment = row->lease->attachment;
    entry.pod = row->lease->pod;
  }
  Write(std::move(entry));
}

// How the keeper borrows from other nodes, if it may.
std::function<void(int)> Daemon::Borrowing() {
  if (!options_.may_borrow()) return nullptr;
  return [this](int count) { shifter_->Borrow(count); };
}

absl::Status Daemon::OpenShifter() {
  Shifter::Handlers handlers;
  handlers.waiting = [this] { return desk_->waiting(); };
  handlers.look = [this](const rpc::Call& call, const rpc::Reply& reply) {
    Get(call, reply);
  };
  handlers.on_store_status = [this](const absl::Status& status) {
    OnStoreStatus(status);
  };
  handlers.note = [this](const pool::Note& note) { Tell(note); };
  handlers.on_borrowed =
      [this](const absl::StatusOr<std::vector<base::Ipv4>>& came) {
        keeper_->OnBorrowed(came);
      };
  handlers.on_kept_back = [this](base::Ipv4 ip) { keeper_->OnKeptBack(ip); };
  handlers.on_change = [this] { keeper_->Kick(); };
  ASSIGN_OR_RETURN(
      shifter_, Shifter::Open({loop_, *ledger_, keeper_->provider(), metrics_,
                               node_, std::move(handlers)},
                              options_));
  return absl::OkStatus();
}

void Daemon::WatchOver(const pool::Records& records) {
  for (const pool::Record& record : records) {
    if (const auto* put = std::get_if<pool::PutAddress>(&record)) {
      if (IsInUse(put->row.state)) {
        prober_->Watch(put->row.ip);
      } else {
        prober_->Unwatch(put->row.ip);
      }
    } else if (const auto* drop = std::get_if<pool::DropAddress>(&record)) {
      prober_->Unwatch(drop->ip);
    }
  }
}

// --- the node

void Daemon::OnLinkEvent(const netlink::Event& event) {
  const auto* changed = std::get_if<netlink::LinkChanged>(&event);
  if (changed == nullptr || changed->link.name != node_.name) return;
  const netlink::Link& link = changed->link;
  prober_->OnLink(link);
  const bool moved = link.index != node_.ifindex || link.mac != node_.mac;
  if (!moved && link.mtu_bytes == node_.mtu_bytes) return;
  node_.ifindex = link.index;
  node_.mac = link.mac;
  node_.mtu_bytes = link.mtu_bytes;
  LOG(INFO) << "interface=" << node_.name
            << " changed: ifindex=" << node_.ifindex
            << " mac=" << node_.mac.ToString() << " mtu=" << node_.mtu_bytes;
  if (!moved) return;
  announcer_.UseInterface(node_);
  prober_->UseInterface(node_);
}

void Daemon::OnStoreStatus(const absl::Status& status) {
  if (!status.ok()) {
    metrics_.Add("cnivpc_store_errors_total");
    LOG(ERROR) << "store: " << status.message();
  } else if (!store_status_.ok()) {
    LOG(INFO) << "store: works again";
  }
  store_status_ = status;
}

// --- leftovers

// A store that failed is tried again, for while nobody can be served nothing
// else would write to it.
void Daemon::RetryStore() {
  if (store_status_.ok()) return;
  OnStoreStatus(ledger_->store().SetSetting("retried", "yes"));
}

void Daemon::DrainQueue() {
  queue_timer_.Set(kQueueInterval);
  RetryStore();
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
    desk_->Release(entry.request, 0, [entry](absl::Status status) {
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
            << " adds_under_way=" << desk_->guards();
  stopping_ = true;
  stop_deadline_ = absl::Now() + options_.drain_timeout;
  server_->StopListening();
  shifter_->Stop();
  if (fixed_ != nullptr) fixed_->Stop();
  StopWhenIdle();
}

void Daemon::StopWhenIdle() {
  const bool idle = server_->pending() == 0 && desk_->guards() == 0 &&
                    undertaker_->pending() == 0 && shifter_->pending() == 0;
  if (!idle && absl::Now() < stop_deadline_) return stop_timer_.Set(kStopPoll);
  if (!idle) LOG(WARNING) << "stopped with calls under way";
  on_stopped_();
}

}  // namespace applets::ipamd
