#include "applets/ipamd/fixed/fixed_addresses.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/fixed/api.h"
#include "glog/logging.h"

namespace applets::ipamd::fixed {
namespace {

using kube::VpcIpClaim;
using MaybeClaim = absl::StatusOr<std::optional<VpcIpClaim>>;

absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

std::string Dotted(uint32_t bits) { return base::Ipv4(bits).ToString(); }

// A new claim says what the VPC says of the subnet; UCloud's gateways are the
// first address. If it can't be told that is left open.
VpcIpClaim Described(VpcIpClaim claim, vpc::Provider& provider) {
  const auto subnet = provider.Describe();
  if (!subnet.ok()) return claim;
  const base::Ipv4Prefix& prefix = subnet->prefix;
  claim.mask = Dotted(~(prefix.last().bits() - prefix.first().bits()));
  claim.gateway = Dotted(prefix.first().bits() + 1);
  return claim;
}

std::vector<Landlord::Change> ChangesOf(std::vector<kube::Change> changes) {
  std::vector<Landlord::Change> claims;
  for (kube::Change& change : changes) {
    std::optional<VpcIpClaim> claim;
    if (change.object) {
      auto read = kube::DecodeVpcIpClaim(*change.object);
      if (!read.ok()) {
        LOG(WARNING) << "fixed: claim " << change.key.ToString() << ": "
                     << read.status().message();
        continue;
      }
      claim = *std::move(read);
    }
    claims.push_back({std::move(change.key), std::move(claim)});
  }
  return claims;
}

}  // namespace

// What is done about each kind of step.
struct FixedAddresses::Performer {
  FixedAddresses& all;
  const kube::ObjectKey& key;

  void operator()(const ReadClaim&) const {
    all.Ask<MaybeClaim>(
        "claim-get", key,
        [client = all.client_, key = key] { return GetClaim(*client, key); },
        [](Errand& errand, const MaybeClaim& claim) {
          return errand.OnRead(claim, absl::Now());
        });
  }
  void operator()(const CreateClaim& step) const {
    all.Ask<absl::StatusOr<VpcIpClaim>>(
        "claim-create", key,
        [client = all.client_, provider = all.parts_.provider,
         claim = step.claim] {
          return MakeClaim(*client, Described(claim, *provider));
        },
        [](Errand& errand, const absl::StatusOr<VpcIpClaim>& claim) {
          return errand.OnCreated(claim, absl::Now());
        });
  }
  void operator()(const PatchClaim& step) const {
    all.Ask<absl::StatusOr<VpcIpClaim>>(
        "claim-write", key,
        [client = all.client_, claim = step.claim] {
          return WriteClaim(*client, claim);
        },
        [](Errand& errand, const absl::StatusOr<VpcIpClaim>& claim) {
          return errand.OnPatched(claim, absl::Now());
        });
  }
  void operator()(const TakeOver& step) const {
    all.Ask<absl::Status>(
        "TakeOver", key,
        [provider = all.parts_.provider, step] {
          return provider->TakeOver(step.ip, step.from);
        },
        Secured());
  }
  void operator()(const Obtain& step) const {
    all.Ask<absl::Status>(
        "Claim", key,
        [provider = all.parts_.provider, step] {
          return provider->Claim(step.ip);
        },
        Secured());
  }
  void operator()(const WantAddress& step) const {
    all.parts_.want(
        all.under_way_.at(key).errand->visitor(), step.tenant,
        [all = &all, key = key](const absl::StatusOr<base::Ipv4>& ip) {
          const auto it = all->under_way_.find(key);
          if (it == all->under_way_.end()) return;
          if (!ip.ok()) {
            return all->Finish(key,
                               {ip.status(), pool::Reason::kPoolDry, true});
          }
          all->Perform(key, it->second.errand->OnAddress(*ip));
        });
  }
  void operator()(const fixed::Done& step) const {
    all.Finish(key, {.ip = step.ip});
  }
  void operator()(const Refuse& step) const {
    all.Finish(key, {step.status, step.reason});
  }

  std::function<Step(Errand&, const absl::Status&)> Secured() const {
    return [all = &all](Errand& errand, const absl::Status& status) {
      return errand.OnSecured(status, all->parts_.is_verified(), absl::Now());
    };
  }
};

FixedAddresses::FixedAddresses(Parts parts)
    : parts_(std::move(parts)),
      client_(std::make_shared<kube::Client>(parts_.api, ApiOptions())),
      landlord_(
          parts_.ledger.pool(),
          [this](const pool::Records& records) { return Commit(records); },
          [this](const kube::ObjectKey& key) {
            return under_way_.contains(key);
          }),
      office_({parts_.loop, client_, parts_.api, parts_.provider,
               parts_.metrics, parts_.node}),
      look_timer_(parts_.loop, [this] { Look(); }) {
  parts_.metrics.Declare("cnivpc_fixed_adds_total", "counter",
                         "ADDs of pods with a fixed address, by how they "
                         "ended: fixed, or the reason.");
  parts_.metrics.Declare("cnivpc_fixed_adds_under_way", "gauge",
                         "ADDs whose fixed address is on its way.");
}

// Calls under way end at once, so that the threads can be joined.
FixedAddresses::~FixedAddresses() { client_->Stop(); }

void FixedAddresses::Start() {
  Follow();
  office_.Start();
  OnRecords();
}

void FixedAddresses::Follow() {
  const kube::Query query = {
      .resource = kube::kVpcIpClaims,
      .label_selector = absl::StrCat(kube::kInterfaceLabel, "=",
                                     kube::LabelOf(parts_.place().mac))};
  claims_ = std::make_unique<kube::Follower>(
      std::make_unique<kube::Client>(parts_.api), query,
      [this](kube::Follower::Report report) {
        parts_.loop.Post([this, changes = ChangesOf(std::move(report.changes)),
                          complete = report.complete]() mutable {
          landlord_.OnClaims(std::move(changes), complete);
          ShowInterest();
          Look();
        });
      });
}

absl::Status FixedAddresses::Commit(const pool::Records& records) {
  absl::Status status = parts_.ledger.Record(records);
  if (!records.empty()) parts_.on_store_status(status);
  return status;
}

// --- ADDs

void FixedAddresses::Bring(const Visitor& visitor, Done done) {
  const kube::ObjectKey key = {visitor.pod.ns, visitor.pod.name};
  if (under_way_.contains(key)) {
    return done({absl::UnavailableError("another ADD of the pod is under way; "
                                        "try again"),
                 pool::Reason::kFixedBusy});
  }
  auto errand = std::make_unique<Errand>(
      parts_.ledger.pool(),
      [this](const pool::Records& records) { return Commit(records); },
      parts_.place(), visitor);
  const Step first = errand->Start();
  under_way_[key] = {std::move(errand), std::move(done)};
  Perform(key, first);
}

void FixedAddresses::Perform(const kube::ObjectKey& key, const Step& step) {
  const kube::ObjectKey copy = key;  // the errand may end, and its key with it
  std::visit(Performer{*this, copy}, step);
}

template <typename T>
void FixedAddresses::Ask(const char* what, const kube::ObjectKey& key,
                         std::function<T()> blocking,
                         std::function<Step(Errand&, const T&)> next) {
  errands_.Run([this, what, key, blocking = std::move(blocking),
                next = std::move(next)] {
    parts_.loop.Post([this, what, key, next, result = blocking()] {
      Count(what, StatusOf(result));
      const auto it = under_way_.find(key);
      if (it == under_way_.end()) return;
      Errand& errand = *it->second.errand;
      const Step step = next(errand, result);
      for (const pool::Note& note : errand.TakeNotes()) parts_.note(note);
      parts_.on_change();
      Perform(key, step);
    });
  });
}

void FixedAddresses::Finish(const kube::ObjectKey& key,
                            const Outcome& outcome) {
  const auto it = under_way_.find(key);
  const Done done = std::move(it->second.done);
  under_way_.erase(it);
  const pool::Reason reason =
      outcome.ip.ok() ? pool::Reason::kFixed : outcome.reason;
  parts_.metrics.Add("cnivpc_fixed_adds_total",
                     {{"outcome", std::string(pool::NameOf(reason))}});
  done(outcome);
  Look();
}

bool FixedAddresses::Keeps(const base::Pod& pod) const {
  return parts_.ledger.pool().FindTenant({pod.ns, pod.name}) != nullptr;
}

// --- while pods are away

void FixedAddresses::OnRecords() {
  const pool::Counts counts = parts_.ledger.pool().counts();
  ShowInterest();
  // Not now: this is in the middle of somebody's decision.
  if (interested_ || counts.arriving > 0) {
    look_timer_.Set(absl::Milliseconds(1));
  }
}

void FixedAddresses::ShowInterest() {
  const bool any =
      parts_.ledger.pool().counts().fixed > 0 || landlord_.claims() > 0;
  if (any != interested_) office_.SetInterest(any);
  interested_ = any;
}

void FixedAddresses::Look() {
  if (parts_.ledger.needs_rebuild()) return look_timer_.Set(absl::Seconds(1));
  const absl::Time now = absl::Now();
  const auto call = landlord_.Next(now);
  for (const pool::Note& note : landlord_.TakeNotes()) parts_.note(note);
  if (landlord_.TakeChanged()) parts_.on_change();
  if (call) return Do(*call);
  if (landlord_.deadline() == absl::InfiniteFuture()) {
    return look_timer_.Cancel();
  }
  look_timer_.Set(std::clamp(landlord_.deadline() - now, absl::Milliseconds(10),
                             absl::Hours(1)));
}

void FixedAddresses::Do(const Landlord::Call& call) {
  looking_.Run([this, client = client_, call] {
    if (const auto* read = std::get_if<Landlord::ReadClaim>(&call)) {
      parts_.loop.Post(
          [this, key = read->key, claim = GetClaim(*client, read->key)] {
            Count("claim-get", claim.status());
            landlord_.OnRead(key, claim, absl::Now());
            Look();
          });
      return;
    }
    const auto& free = std::get<Landlord::Unfinalize>(call);
    parts_.loop.Post([this, key = free.key,
                      status = Unfinalize(*client, free.key, free.uid)] {
      Count("claim-unfinalize", status);
      landlord_.OnFreed(key, status, absl::Now());
      Look();
    });
  });
}

void FixedAddresses::Count(const char* call, const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  const bool is_vpc = absl::string_view(call) == "TakeOver" ||
                      absl::string_view(call) == "Claim";
  parts_.metrics.Add(
      is_vpc ? "cnivpc_vpc_calls_total" : "cnivpc_kubernetes_calls_total",
      {{"call", call}, {"code", code}});
}

void FixedAddresses::UpdateMetrics() {
  parts_.metrics.Set("cnivpc_fixed_adds_under_way",
                     static_cast<double>(under_way_.size()));
  office_.UpdateMetrics();
}

}  // namespace applets::ipamd::fixed
