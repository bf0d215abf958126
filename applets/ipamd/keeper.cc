#include "applets/ipamd/keeper.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/errand.h"
#include "applets/ledger/recovery.h"
#include "glog/logging.h"
#include "netlink/socket.h"

namespace applets::ipamd {
namespace {

pool::StewardOptions StewardOptionsOf(const Options& options, bool can_borrow) {
  pool::StewardOptions steward;
  steward.subnet = options.vpc.subnet;
  steward.watermarks = options.watermarks;
  steward.verify_interval = options.verify_interval;
  steward.verify_max_age = options.verify_max_age;
  steward.lease_unverified = options.lease_unverified;
  steward.trim_delay = options.trim_delay;
  steward.conflict_hold = options.conflict_hold;
  steward.can_borrow = can_borrow;
  if (options.vpc.vpc == "embedded") {
    // It is a file: what was done shows at once. But not in a list that was
    // read just before, so that one look isn't enough.
    steward.settle = absl::Milliseconds(1);
    steward.latest_effect = absl::ZeroDuration();
  }
  return steward;
}

using AskTenants = std::function<absl::StatusOr<pool::Tenants>()>;

// What the pool doesn't know may be fixed to a pod. While that can't be found
// out a lost store isn't rebuilt.
absl::Status AddTenants(const AskTenants& ask,
                        const std::set<base::Ipv4>& known, bool rebuilding,
                        pool::Listing& listing) {
  const bool all_known =
      std::all_of(listing.ips.begin(), listing.ips.end(),
                  [&](base::Ipv4 ip) { return known.contains(ip); });
  if (ask == nullptr || all_known) return absl::OkStatus();
  auto tenants = ask();
  if (tenants.ok()) {
    listing.tenants = *std::move(tenants);
    return absl::OkStatus();
  }
  if (rebuilding) {
    return absl::UnavailableError(
        absl::StrCat("which addresses are fixed to pods isn't known: ",
                     tenants.status().message()));
  }
  LOG(WARNING) << "fixed: addresses that the VPC lists and the pool doesn't "
                  "know aren't taken in, for claims can't be listed: "
               << tenants.status().message();
  listing.tenants.reset();
  return absl::OkStatus();
}

absl::StatusOr<pool::Listing> ListOf(vpc::Provider& provider) {
  auto listed = provider.List();
  if (!listed.ok()) return listed.status();
  auto host = netlink::Socket::Open();
  if (!host.ok()) return host.status();
  auto users = ledger::LookAtKernel(*host);
  if (!users.ok()) return users.status();
  return pool::Listing{*std::move(listed), *std::move(users), pool::Tenants()};
}

vpc::Priority PriorityOf(bool for_pod, vpc::Priority otherwise) {
  return for_pod ? vpc::Priority::kPod : otherwise;
}

}  // namespace

// What is done about each kind of action.
struct Keeper::Performer {
  Keeper& keeper;

  void operator()(const pool::CallAllocate& a) const { keeper.Allocate(a); }
  void operator()(const pool::CallRelease& a) const { keeper.Release(a); }
  void operator()(const pool::CallClaim& a) const { keeper.Claim(a); }
  void operator()(const pool::CallList& a) const { keeper.List(a); }
  void operator()(const pool::LookAtFlows& a) const { keeper.Look(a); }
  void operator()(const pool::Verified& a) const { keeper.Remember(a); }
  void operator()(const pool::Rebuilt&) const { keeper.MarkRebuilt(); }
  void operator()(const pool::StartProbe& a) const {
    keeper.handlers_.probe(a.ip);
  }
  void operator()(const pool::StopProbe& a) const {
    keeper.handlers_.stop_probe(a.ip);
  }
  void operator()(const pool::Borrow& a) const {
    keeper.handlers_.borrow(a.count);
  }
  void operator()(const pool::Note& a) const { keeper.handlers_.note(a); }
  void operator()(const pool::Serve& a) const {
    keeper.handlers_.serve(a.status);
  }
};

Keeper::Keeper(base::Loop& loop, ledger::Ledger& ledger,
               std::unique_ptr<vpc::Provider> provider, const Options& options,
               Metrics& metrics, Handlers handlers)
    : loop_(loop),
      ledger_(ledger),
      provider_(std::move(provider)),
      metrics_(metrics),
      handlers_(std::move(handlers)),
      steward_(
          ledger.pool(),
          [this](const pool::Records& records) {
            absl::Status status = ledger_.Record(records);
            handlers_.on_store_status(status);
            return status;
          },
          StewardOptionsOf(options, handlers_.borrow != nullptr), random_),
      timer_(loop, [this] { Do(steward_.OnTimer(absl::Now())); }) {
  metrics_.Declare("cnivpc_vpc_calls_total", "counter",
                   "Calls to the VPC by call and outcome.");
}

void Keeper::Start() {
  Do(steward_.Start(ledger_.needs_rebuild(), ledger_.verified_at(),
                    absl::Now()));
}

void Keeper::Kick() {
  steward_.SetDemand(handlers_.demand());
  Do(steward_.OnChange(handlers_.waiting(), absl::Now()));
}

void Keeper::OnAdmitted(base::Ipv4 ip) {
  Do(steward_.OnAdmitted(ip, absl::Now()));
}

void Keeper::OnConflict(base::Ipv4 ip, const base::Mac& other) {
  Do(steward_.OnConflict(ip, other.ToString(), absl::Now()));
}

void Keeper::OnPushed(base::Ipv4 ip) { Do(steward_.OnPushed(ip, absl::Now())); }

void Keeper::OnBorrowed(const absl::StatusOr<std::vector<base::Ipv4>>& came) {
  Do(steward_.OnBorrowed(came, absl::Now()));
}

void Keeper::OnKeptBack(base::Ipv4 ip) {
  Do(steward_.OnKeptBack(ip, absl::Now()));
}

// An action may lead to another event, whose actions come after those that are
// there already.
void Keeper::Do(pool::Actions actions) {
  for (pool::Action& action : actions) to_do_.push_back(std::move(action));
  if (doing_) return;
  doing_ = true;
  while (!to_do_.empty()) {
    const pool::Action action = std::move(to_do_.front());
    to_do_.pop_front();
    std::visit(Performer{*this}, action);
  }
  doing_ = false;
  const absl::Time deadline = steward_.deadline();
  if (deadline == absl::InfiniteFuture()) return timer_.Cancel();
  timer_.Set(std::max(absl::ZeroDuration(), deadline - absl::Now()));
}

// Runs `blocking` on a worker; what it returns runs here afterwards.
void Keeper::Run(base::Workers& workers, std::function<Finish()> blocking) {
  RunErrand(workers, loop_, alive_, std::move(blocking));
}

void Keeper::Allocate(const pool::CallAllocate& call) {
  const auto priority = PriorityOf(call.for_pod, vpc::Priority::kFill);
  Run(changing_, [this, provider = provider_, call, priority]() -> Finish {
    auto given = provider->Allocate(call.intent.count, priority);
    return [this, id = call.intent.id, given = std::move(given)] {
      Count("Allocate", given.status());
      Do(steward_.OnAllocated(id, given, absl::Now()));
    };
  });
}

void Keeper::Release(const pool::CallRelease& call) {
  Run(changing_, [this, provider = provider_, call]() -> Finish {
    const absl::Status status = provider->Release(call.ip);
    return [this, call, status] {
      Count("Release", status);
      Do(steward_.OnReleased(call.intent_id, call.ip, status, absl::Now()));
    };
  });
}

void Keeper::Claim(const pool::CallClaim& call) {
  Run(asking_, [this, provider = provider_, call]() -> Finish {
    const absl::Status status = provider->Claim(call.ip);
    return [this, call, status] {
      Count("Claim", status);
      Do(steward_.OnClaimed(call.ip, status, absl::Now()));
    };
  });
}

void Keeper::List(const pool::CallList& /*call*/) {
  const absl::Time asked_at = absl::Now();
  std::set<base::Ipv4> known;
  for (const auto& [ip, row] : ledger_.pool().addresses()) known.insert(ip);
  Run(asking_,
      [this, provider = provider_, asked_at, known = std::move(known),
       tenants = handlers_.tenants,
       rebuilding = ledger_.needs_rebuild()]() -> Finish {
        auto listing = ListOf(*provider);
        if (listing.ok()) {
          const absl::Status status =
              AddTenants(tenants, known, rebuilding, *listing);
          if (!status.ok()) listing = status;
        }
        return [this, asked_at, listing = std::move(listing)]() mutable {
          Count("List", listing.status());
          if (listing.ok() && handlers_.is_others != nullptr) {
            std::erase_if(listing->users, [this](const pool::User& user) {
              return handlers_.is_others(user.address);
            });
          }
          Do(steward_.OnListed(asked_at, listing, absl::Now()));
        };
      });
}

void Keeper::Look(const pool::LookAtFlows& call) {
  Run(looking_, [this, flows = handlers_.flows, ips = call.ips]() -> Finish {
    auto busy = flows({ips.begin(), ips.end()});
    return [this, ips, busy = std::move(busy)] {
      Do(steward_.OnFlows(ips, busy, absl::Now()));
    };
  });
}

void Keeper::Remember(const pool::Verified& verified) {
  handlers_.on_store_status(ledger_.SetVerifiedAt(verified.at));
}

void Keeper::MarkRebuilt() {
  handlers_.on_store_status(ledger_.MarkRebuilt());
  const pool::Counts counts = ledger_.pool().counts();
  LOG(INFO) << "store rebuilt from the VPC and the kernel: addresses="
            << counts.total() << " leased=" << counts.leased;
}

void Keeper::Count(const char* call, const absl::Status& status) {
  metrics_.Add(
      "cnivpc_vpc_calls_total",
      {{"call", call}, {"code", absl::StatusCodeToString(status.code())}});
}

}  // namespace applets::ipamd
