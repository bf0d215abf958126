#include "applets/ipamd/shifter.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/errand.h"
#include "base/http.h"
#include "base/status.h"
#include "glog/logging.h"
#include "vpc/provider.h"

namespace applets::ipamd {
namespace {

// Threads of each kind, so that a node that doesn't answer delays few others.
constexpr int kCrew = 4;
// Strangers are complained of so often at most.
constexpr absl::Duration kComplaintPause = absl::Seconds(10);

pool::Moment Now() { return {absl::Now(), ledger::BootNow()}; }

std::shared_ptr<const rpc::PeerDirectory> DirectoryOf(const Options& options) {
  if (options.peers.access.none() || !options.cluster.api) return nullptr;
  return std::make_shared<rpc::PeerDirectory>(*options.cluster.api);
}

const char* NameOf(bool lender) { return lender ? "lender" : "borrower"; }

}  // namespace

pool::ShiftOptions ShiftOptionsOf(const Options& options) {
  pool::ShiftOptions shift;
  shift.node = options.node;
  shift.subnet = options.vpc.subnet;
  shift.keep = options.watermarks.low;
  shift.take_over_limit = vpc::kTakeOverLimit;
  if (options.vpc.vpc == "embedded") {
    // It is a file: what was done shows at once.
    shift.settle = absl::ZeroDuration();
    shift.latest_effect = absl::ZeroDuration();
  }
  return shift;
}

// What is done about each kind of action.
struct Shifter::Performer {
  Shifter& shifter;
  Side side;

  void operator()(const pool::AskSpare& a) const { shifter.Ask(a); }
  void operator()(const pool::CallLend& a) const { shifter.Lend(a); }
  void operator()(const pool::CallTakeOver& a) const { shifter.TakeOver(a); }
  void operator()(const pool::CallSettle& a) const { shifter.Settle(a); }
  void operator()(const pool::LookThrough&) const { shifter.LookThrough(side); }
  void operator()(const pool::Note& a) const { shifter.Tell(side, a); }
  void operator()(const pool::Borrowed& a) const {
    if (a.came.ok() && !a.came->empty()) {
      shifter.parts_.metrics.Add("cnivpc_shift_events_total",
                                 {{"side", "borrower"}, {"event", "borrowed"}},
                                 static_cast<double>(a.came->size()));
    }
    shifter.parts_.handlers.on_borrowed(a.came);
  }
  void operator()(const pool::KeptBack& a) const {
    shifter.parts_.handlers.on_kept_back(a.ip);
  }
};

absl::StatusOr<std::unique_ptr<Shifter>> Shifter::Open(Parts parts,
                                                       const Options& options) {
  std::unique_ptr<Shifter> shifter(new Shifter(std::move(parts), options));
  if (!options.peers.access.none()) {
    RETURN_IF_ERROR(base::Annotate(shifter->Listen(options.peers),
                                   "listening to other nodes"));
  }
  return shifter;
}

Shifter::Shifter(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      access_(options.peers.access),
      shift_(ShiftOptionsOf(options)),
      peers_(options.peers.list, options.peers.file),
      directory_(DirectoryOf(options)),
      lender_(
          parts_.ledger.pool(),
          [this](const pool::Records& records) { return Commit(records); },
          shift_),
      borrower_(
          parts_.ledger.pool(),
          [this](const pool::Records& records) { return Commit(records); },
          shift_, random_),
      desk_({lender_, parts_.interface, options.node, options.vpc.subnet,
             parts_.handlers.waiting, parts_.handlers.look, Now}),
      timer_(parts_.loop, [this] { OnTime(); }) {
  Declare();
}

// Calls of the directory end at once, so that the threads can be joined.
Shifter::~Shifter() {
  if (directory_ != nullptr) directory_->Stop();
}

absl::Status Shifter::Listen(const PeerOptions& options) {
  const rpc::Endpoint at =
      options.listen.value_or(rpc::Endpoint{parts_.interface.address});
  ASSIGN_OR_RETURN(
      server_, rpc::PeerServer::Listen(
                   parts_.loop, {at.address, at.port, access_},
                   {[this](const rpc::PeerCall& call, const rpc::Reply& reply) {
                      OnCall(call, reply);
                    },
                    [this](const absl::Status& status, base::Ipv4 from) {
                      OnRefused(status, from);
                    }}));
  LOG(INFO) << "listening to other nodes at=" << at.address.ToString() << ":"
            << server_->port()
            << " by=" << (access_.tls() ? "certificates" : "token");
  return absl::OkStatus();
}

void Shifter::Declare() {
  Metrics& metrics = parts_.metrics;
  metrics.Declare("cnivpc_shift_events_total", "counter",
                  "Steps of addresses that move between nodes.");
  metrics.Declare("cnivpc_shifts_open", "gauge",
                  "Addresses that are moving between nodes.");
  metrics.Declare("cnivpc_peers", "gauge", "Nodes that can be asked.");
  metrics.Declare("cnivpc_peer_calls_total", "counter",
                  "Calls to other nodes by call and outcome.");
  metrics.Declare("cnivpc_peer_requests_total", "counter",
                  "Calls by other nodes by path and outcome.");
  metrics.Declare("cnivpc_peer_strangers_total", "counter",
                  "Connections that were refused or broke, by reason.");
  metrics.Declare("cnivpc_peer_certificate_expiry_seconds", "gauge",
                  "When this node's certificate ends, in Unix time.");
}

void Shifter::Start() {
  Do(Side::kLender, lender_.Start(Now()));
  Do(Side::kBorrower, borrower_.Start(Now()));
}

void Shifter::Stop() {
  if (server_ != nullptr) server_->StopListening();
}

// --- what the machines want

absl::Status Shifter::Commit(const pool::Records& records) {
  absl::Status status = parts_.ledger.Record(records);
  parts_.handlers.on_store_status(status);
  changed_ |= status.ok();
  return status;
}

// An action may lead to another event, whose actions come after those that are
// there already.
void Shifter::Do(Side side, pool::ShiftActions actions) {
  for (pool::ShiftAction& action : actions) {
    to_do_.emplace_back(side, std::move(action));
  }
  if (doing_) return;
  doing_ = true;
  while (!to_do_.empty() || changed_) {
    if (to_do_.empty()) {
      changed_ = false;
      parts_.handlers.on_change();
      continue;
    }
    const auto [whose, action] = std::move(to_do_.front());
    to_do_.pop_front();
    std::visit(Performer{*this, whose}, action);
  }
  doing_ = false;
  SetTimer();
}

void Shifter::SetTimer() {
  const absl::Duration next =
      std::min(lender_.deadline(), borrower_.deadline());
  if (next == absl::InfiniteDuration()) return timer_.Cancel();
  timer_.Set(std::max(absl::ZeroDuration(), next - ledger::BootNow()));
}

void Shifter::OnTime() {
  Do(Side::kLender, lender_.OnTimer(Now()));
  Do(Side::kBorrower, borrower_.OnTimer(Now()));
}

void Shifter::Tell(Side side, const pool::Note& note) {
  parts_.metrics.Add("cnivpc_shift_events_total",
                     {{"side", NameOf(side == Side::kLender)},
                      {"event", std::string(pool::NameOf(note.reason))}});
  parts_.handlers.note(note);
}

// Runs `blocking` on a worker; what it returns runs here afterwards.
void Shifter::Run(Crew& crew, std::function<Finish()> blocking) {
  if (crew == nullptr) crew = std::make_unique<base::Workers>(kCrew);
  RunErrand(*crew, parts_.loop, alive_, std::move(blocking));
}

// --- calls to the VPC

void Shifter::TakeOver(const pool::CallTakeOver& call) {
  ++pending_;
  Run(moving_, [this, provider = parts_.provider, call]() -> Finish {
    absl::Status status = absl::AbortedError(
        "the other node's promise was over before the VPC could be called");
    if (ledger::BootNow() <= call.not_after) {
      status = provider->TakeOver(call.ip, call.from);
    }
    return [this, key = call.key, status] {
      --pending_;
      CountVpcCall("TakeOver", status);
      Do(Side::kBorrower, borrower_.OnTakenOver(key, status, Now()));
    };
  });
}

void Shifter::LookThrough(Side side) {
  Run(moving_, [this, provider = parts_.provider, side]() -> Finish {
    const absl::Duration asked_at = ledger::BootNow();
    auto listed = provider->List();
    return [this, side, asked_at, listed = std::move(listed)] {
      CountVpcCall("List", listed.status());
      Do(side, side == Side::kLender
                   ? lender_.OnListed(asked_at, listed, Now())
                   : borrower_.OnListed(asked_at, listed, Now()));
    };
  });
}

// --- calls by other nodes

void Shifter::OnCall(const rpc::PeerCall& call, const rpc::Reply& reply) {
  desk_.Serve(call, [this, path = call.path,
                     reply](absl::StatusOr<rpc::Answer> answer) {
    const bool known = !absl::IsUnimplemented(answer.status());
    parts_.metrics.Add(
        "cnivpc_peer_requests_total",
        {{"path", known ? path : "other"},
         {"code", absl::StatusCodeToString(answer.status().code())}});
    reply(std::move(answer));
  });
  Do(Side::kLender, lender_.Take());
}

void Shifter::OnRefused(const absl::Status& status, base::Ipv4 from) {
  parts_.metrics.Add("cnivpc_peer_strangers_total",
                     {{"code", absl::StatusCodeToString(status.code())}});
  if (absl::Now() < next_complaint_) return;
  next_complaint_ = absl::Now() + kComplaintPause;
  LOG(WARNING) << "refused a connection from=" << from.ToString() << ": "
               << status.message();
}

// --- metrics

void Shifter::CountPeerCall(const char* call, const absl::Status& status) {
  parts_.metrics.Add(
      "cnivpc_peer_calls_total",
      {{"call", call}, {"code", absl::StatusCodeToString(status.code())}});
}

void Shifter::CountVpcCall(const char* call, const absl::Status& status) {
  parts_.metrics.Add(
      "cnivpc_vpc_calls_total",
      {{"call", call}, {"code", absl::StatusCodeToString(status.code())}});
}

void Shifter::UpdateMetrics() {
  int lent = 0;
  int borrowed = 0;
  for (const auto& [id, intent] : parts_.ledger.pool().intents()) {
    lent += intent.kind == pool::Intent::Kind::kLend ? 1 : 0;
    borrowed += intent.kind == pool::Intent::Kind::kBorrow ? 1 : 0;
  }
  Metrics& metrics = parts_.metrics;
  metrics.Set("cnivpc_shifts_open", lent, {{"side", NameOf(true)}});
  metrics.Set("cnivpc_shifts_open", borrowed, {{"side", NameOf(false)}});
  if (server_ == nullptr) return;
  peers_.LookAgain();
  metrics.Set("cnivpc_peers", static_cast<double>(peers_.size()));
  if (server_->expires() == absl::InfiniteFuture()) return;
  metrics.Set("cnivpc_peer_certificate_expiry_seconds",
              absl::ToDoubleSeconds(server_->expires() - absl::UnixEpoch()));
}

}  // namespace applets::ipamd
