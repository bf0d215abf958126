#include "applets/ipamd/subnet_pool.h"

#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/ipamd/vpc_metrics.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/conntrack.h"

namespace applets::ipamd {
namespace {

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

pool::Policy PolicyOf(const Options& options) {
  pool::Policy policy;
  policy.cooldown = options.vpc.cooldown;
  policy.probing = options.acd_timing.probes > 0;
  if (!options.peers.access.none()) {
    policy.loss_hold = pool::ShiftOptions().Aftermath();
  }
  return policy;
}

absl::StatusOr<std::unique_ptr<SubnetPool>> SubnetPool::Open(Parts parts) {
  std::unique_ptr<SubnetPool> pool(new SubnetPool(std::move(parts)));
  RETURN_IF_ERROR(pool->Assemble());
  return pool;
}

SubnetPool::SubnetPool(Parts parts)
    : parts_(std::move(parts)),
      name_(parts_.realm.Name()),
      announcer_(parts_.loop, parts_.metrics, [this](base::Ipv4 ip) {
        const pool::Address* row = pool().Find(ip);
        return row != nullptr && row->lease.has_value();
      }) {}

SubnetPool::~SubnetPool() = default;

absl::Status SubnetPool::Assemble() {
  desk_ = std::make_unique<Desk>(
      Desk::Parts{ledger(), parts_.undertaker, announcer_, parts_.node,
                  parts_.handlers.gateway, subnet(), nullptr,
                  [this](const absl::Status& status) { OnStoreStatus(status); },
                  parts_.handlers.note});
  ASSIGN_OR_RETURN(
      auto provider,
      ledger::OpenProvider(parts_.options.vpc, parts_.options.state_dir,
                           parts_.node, parts_.access));
  RETURN_IF_ERROR(OpenProber());
  keeper_ = std::make_unique<Keeper>(parts_.loop, ledger(), std::move(provider),
                                     parts_.options, parts_.metrics,
                                     KeeperHandlers());
  desk_->SetKeeper(keeper_.get());
  UseNode(parts_.node);
  RETURN_IF_ERROR(OpenShifter());
  if (parts_.options.repair == Drift::Scope::kNone) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      mender_, Mender::Open({parts_.loop, pool(), parts_.undertaker,
                             parts_.metrics, parts_.node, parts_.options.repair,
                             parts_.handlers.note, parts_.handlers.gateway}));
  return absl::OkStatus();
}

Keeper::Handlers SubnetPool::KeeperHandlers() {
  return {.waiting = [this] { return desk_->waiting(); },
          .demand = parts_.handlers.demand,
          .serve = [this](const absl::Status& status) { desk_->Serve(status); },
          .on_store_status =
              [this](const absl::Status& status) { OnStoreStatus(status); },
          .note = [this](const pool::Note& note) { Tell(note); },
          .probe = [this](base::Ipv4 ip) { prober_->Probe(ip); },
          .stop_probe = [this](base::Ipv4 ip) { prober_->Stop(ip); },
          .flows = &AskForFlows,
          .tenants = parts_.handlers.tenants,
          .is_others = parts_.handlers.is_others,
          .borrow = Borrowing()};
}

absl::Status SubnetPool::OpenProber() {
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
  ASSIGN_OR_RETURN(
      prober_, Prober::Open(parts_.loop, parts_.metrics,
                            parts_.options.acd_timing, std::move(handlers)));
  for (const auto& [ip, row] : pool().addresses()) {
    WatchOver({pool::PutAddress{row}});
  }
  ledger().SetObserver(
      [this](const pool::Records& records) { OnRecords(records); });
  return absl::OkStatus();
}

// How the keeper borrows from other nodes, if it may.
std::function<void(int)> SubnetPool::Borrowing() {
  if (!parts_.options.may_borrow()) return nullptr;
  return [this](int count) { shifter_->Borrow(count); };
}

absl::Status SubnetPool::OpenShifter() {
  Shifter::Handlers handlers;
  handlers.waiting = [this] { return desk_->waiting(); };
  handlers.look = parts_.handlers.look;
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
  ASSIGN_OR_RETURN(shifter_, Shifter::Open({parts_.loop, ledger(),
                                            keeper_->provider(), parts_.metrics,
                                            parts_.node, std::move(handlers)},
                                           parts_.options));
  return absl::OkStatus();
}

void SubnetPool::Start() {
  keeper_->Start();
  shifter_->Start();
  if (mender_ != nullptr) mender_->Begin();
}

void SubnetPool::Stop() { shifter_->Stop(); }

void SubnetPool::OnRecords(const pool::Records& records) {
  WatchOver(records);
  parts_.handlers.on_records(records);
}

void SubnetPool::WatchOver(const pool::Records& records) {
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

void SubnetPool::OnLink(const netlink::Link& link) {
  netlink::Node& node = parts_.node;
  if (link.name != node.name) return;
  prober_->OnLink(link);
  const bool moved = link.index != node.ifindex || link.mac != node.mac;
  if (!moved && link.mtu_bytes == node.mtu_bytes) return;
  node.ifindex = link.index;
  node.mac = link.mac;
  node.mtu_bytes = link.mtu_bytes;
  LOG(INFO) << "interface=" << node.name << " changed: ifindex=" << node.ifindex
            << " mac=" << node.mac.ToString() << " mtu=" << node.mtu_bytes;
  if (moved) UseNode(netlink::Node(node));
}

void SubnetPool::UseNode(const netlink::Node& node) {
  parts_.node = node;
  if (node.ifindex == 0) return;
  announcer_.UseInterface(node);
  prober_->UseInterface(node);
}

bool SubnetPool::in_use() const {
  const pool::Counts counts = pool().counts();
  return counts.leased > 0 || counts.fixed > 0 || desk_->waiting() > 0 ||
         desk_->guards() > 0;
}

absl::Status SubnetPool::Record(const pool::Records& records) {
  absl::Status status = ledger().Record(records);
  OnStoreStatus(status);
  return status;
}

void SubnetPool::OnStoreStatus(const absl::Status& status) {
  if (!status.ok()) {
    parts_.metrics.Add("cnivpc_store_errors_total");
    LOG(ERROR) << "store: " << status.message();
  } else if (!store_status_.ok()) {
    LOG(INFO) << "store: works again";
  }
  store_status_ = status;
}

// While nobody can be served nothing else would write to it.
void SubnetPool::RetryStore() {
  if (store_status_.ok()) return;
  OnStoreStatus(ledger().store().SetSetting("retried", "yes"));
}

absl::Status SubnetPool::Readiness() const {
  return store_status_.ok() ? desk_->CouldLease() : store_status_;
}

// What the steward has to say.
void SubnetPool::Tell(const pool::Note& note) {
  Log(note);
  Note entry{.reason = note.reason,
             .address = note.ip,
             .subnet = subnet(),
             .text = note.text};
  if (note.until != absl::InfinitePast()) entry.until = note.until;
  const pool::Address* row = note.ip ? pool().Find(*note.ip) : nullptr;
  if (row != nullptr && row->lease) {
    entry.attachment = row->lease->attachment;
    entry.pod = row->lease->pod;
  }
  parts_.handlers.note(std::move(entry));
}

void SubnetPool::UpdateMetrics() {
  Metrics& metrics = parts_.metrics;
  const pool::Counts counts = pool().counts();
  for (const pool::State state : pool::AllStates()) {
    metrics.Set("cnivpc_pool_addresses", counts.of(state),
                {{"state", std::string(pool::NameOf(state))}});
  }
  metrics.Set("cnivpc_adds_waiting", desk_->waiting());
  CopyVpcMetrics(keeper_->provider()->usage(), metrics);
  shifter_->UpdateMetrics();
  if (mender_ != nullptr) {
    metrics.Set("cnivpc_drift_held_back", mender_->held_back());
  }
}

}  // namespace applets::ipamd
