#include "applets/ipamd/keeper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "glog/logging.h"
#include "netlink/socket.h"
#include "pool/watermark.h"

namespace applets::ipamd {
namespace {

// One call asks for no more than this.
constexpr int kMaxBatch = 256;

std::string CodeName(const absl::Status& status) {
  return absl::StatusCodeToString(status.code());
}

}  // namespace

Keeper::Keeper(base::Loop& loop, ledger::Ledger& ledger,
               std::unique_ptr<vpc::Provider> provider, const Options& options,
               Metrics& metrics, Handlers handlers)
    : loop_(loop),
      ledger_(ledger),
      provider_(std::move(provider)),
      subnet_(options.vpc.subnet),
      watermarks_(options.watermarks),
      metrics_(metrics),
      handlers_(std::move(handlers)),
      resolved_(!ledger.needs_rebuild() && ledger.pool().intents().empty()),
      timer_(loop, [this] { Kick(); }),
      cooling_(loop, [this] { Tick(); }) {
  metrics_.Declare("cnivpc_vpc_calls_total", "counter",
                   "Calls to the VPC by call and outcome.");
}

absl::Status Keeper::obstacle(absl::Time now) const {
  return now < paused_until_ ? last_error_ : absl::OkStatus();
}

void Keeper::Kick() {
  const absl::Time now = absl::Now();
  const absl::Time deadline = ledger_.pool().deadline();
  if (deadline != absl::InfiniteFuture()) cooling_.Set(deadline - now);
  if (busy_ || now < paused_until_) return;
  if (!resolved_) return Resolve();
  const pool::Plan plan = pool::PlanOf(watermarks_, ledger_.pool().counts(),
                                       handlers_.waiting(), in_flight_);
  if (plan.allocate > 0) return Allocate(std::min(plan.allocate, kMaxBatch));
  if (plan.release > 0) return Release(std::min(plan.release, kMaxBatch));
}

void Keeper::Tick() {
  const pool::Records records = ledger_.pool().DecideTick(absl::Now());
  if (!Record(records)) return cooling_.Set(kMinBackoff);
  if (!records.empty()) handlers_.on_change(absl::OkStatus());
  Kick();
}

// Runs `blocking` on the worker; what it returns runs here afterwards.
void Keeper::Call(const char* name, std::function<Finish()> blocking) {
  VLOG(1) << "vpc call=" << name;
  busy_ = true;
  worker_.Run([this, blocking = std::move(blocking)] {
    Finish finish = blocking();
    loop_.Post([this, finish = std::move(finish)] {
      busy_ = false;
      finish();
      Kick();
    });
  });
}

void Keeper::Resolve() {
  const ledger::Scope scope = ledger_.needs_rebuild()
                                  ? ledger::Scope::kRebuild
                                  : ledger::Scope::kOpenIntents;
  Call("List", [this, scope, provider = provider_]() -> Finish {
    auto listed = provider->List();
    absl::StatusOr<std::vector<ledger::KernelPod>> pods;
    if (auto host = netlink::Socket::Open(); host.ok()) {
      pods = ledger::LookAtKernel(*host);
    } else {
      pods = host.status();
    }
    if (scope == ledger::Scope::kRebuild && listed.ok() && pods.ok()) {
      ledger::ClaimUnlisted(*provider, *listed, *pods);
    }
    return [this, scope, listed = std::move(listed), pods = std::move(pods)] {
      FinishResolve(listed, pods, scope);
    };
  });
}

void Keeper::FinishResolve(
    const absl::StatusOr<std::vector<base::Ipv4>>& listed,
    const absl::StatusOr<std::vector<ledger::KernelPod>>& pods,
    ledger::Scope scope) {
  Count("List", listed.status());
  for (const absl::Status& status : {listed.status(), pods.status()}) {
    if (!status.ok()) return Fail(status, backoff_);
  }
  if (!Record(ledger::Reconcile(ledger_.pool(), subnet_, *listed, *pods, scope,
                                absl::Now()))) {
    return;
  }
  if (const absl::Status status = ledger_.MarkRebuilt(); !status.ok()) {
    return Fail(status, backoff_);
  }
  resolved_ = true;
  backoff_ = kMinBackoff;
  const pool::Counts counts = ledger_.pool().counts();
  LOG(INFO) << "store resolved against the VPC: addresses=" << counts.total()
            << " leased=" << counts.leased << " listed=" << listed->size();
  handlers_.on_change(absl::OkStatus());
}

void Keeper::Allocate(int count) {
  auto [intent, records] =
      ledger_.pool().DecideAllocate(count, subnet_, absl::Now());
  if (!Record(records)) return;
  in_flight_ = count;
  const auto priority =
      handlers_.waiting() > 0 ? vpc::Priority::kPod : vpc::Priority::kFill;
  Call("Allocate",
       [this, provider = provider_, intent = intent, priority]() -> Finish {
         auto given = provider->Allocate(intent.count, priority);
         return [this, intent, given = std::move(given)] {
           FinishAllocate(intent, given);
         };
       });
}

void Keeper::FinishAllocate(
    const pool::Intent& intent,
    const absl::StatusOr<std::vector<base::Ipv4>>& given) {
  in_flight_ = 0;
  Count("Allocate", given.status());
  const bool full =
      given.status().code() == absl::StatusCode::kResourceExhausted;
  if (!given.ok() && !full) {
    resolved_ = false;  // the outcome is unknown, the intent stays open
    return Fail(given.status(), backoff_);
  }
  if (!Record(ledger_.pool().DecideAllocated(
          intent, given.ok() ? *given : std::vector<base::Ipv4>(),
          absl::Now()))) {
    resolved_ = false;
    return;
  }
  if (full) return Fail(given.status(), kInhibit);
  backoff_ = kMinBackoff;
  LOG(INFO) << "allocated count=" << given->size() << " subnet=" << subnet_
            << " warm=" << ledger_.pool().counts().warm;
  handlers_.on_change(absl::OkStatus());
}

void Keeper::Release(int count) {
  auto [intent, records] =
      ledger_.pool().DecideRelease(count, subnet_, absl::Now());
  if (records.empty() || !Record(records)) return;
  Call("Release", [this, provider = provider_, intent = intent]() -> Finish {
    std::vector<absl::Status> outcomes;
    for (const base::Ipv4 ip : intent.addresses) {
      outcomes.push_back(provider->Release(ip));
    }
    return [this, intent, outcomes] { FinishRelease(intent, outcomes); };
  });
}

void Keeper::FinishRelease(const pool::Intent& intent,
                           const std::vector<absl::Status>& outcomes) {
  absl::Status first_error;
  for (const absl::Status& status : outcomes) {
    Count("Release", status);
    if (!status.ok() && first_error.ok()) first_error = status;
  }
  if (!first_error.ok()) {
    resolved_ = false;
    return Fail(first_error, backoff_);
  }
  if (!Record(ledger_.pool().DecideReleased(intent))) {
    resolved_ = false;
    return;
  }
  LOG(INFO) << "released count=" << outcomes.size() << " subnet=" << subnet_;
  handlers_.on_change(absl::OkStatus());
}

void Keeper::Fail(const absl::Status& status, absl::Duration pause) {
  LOG(WARNING) << "vpc: " << status.message() << "; next attempt in "
               << absl::FormatDuration(pause);
  last_error_ = status;
  paused_until_ = absl::Now() + pause;
  if (status.code() != absl::StatusCode::kResourceExhausted) {
    backoff_ = std::min(backoff_ * 2, kMaxBackoff);
  }
  timer_.Set(pause + absl::Milliseconds(1));
  handlers_.on_change(status);
}

bool Keeper::Record(const pool::Records& records) {
  const absl::Status status = ledger_.Record(records);
  if (!records.empty()) handlers_.on_store_status(status);
  if (status.ok()) return true;
  Fail(status, backoff_);
  return false;
}

void Keeper::Count(const char* call, const absl::Status& status) {
  metrics_.Add("cnivpc_vpc_calls_total",
               {{"call", call}, {"code", CodeName(status)}});
}

}  // namespace applets::ipamd
