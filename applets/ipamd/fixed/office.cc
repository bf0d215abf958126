#include "applets/ipamd/fixed/office.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/clock.h"
#include "applets/ipamd/fixed/api.h"
#include "applets/ledger/ledger.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd::fixed {
namespace {

using ledger::BootNow;

// Objects that can't be read are left out: what they are about is left alone.
template <typename Change, typename Object>
std::vector<Change> ChangesOf(
    std::vector<kube::Change> changes,
    absl::StatusOr<Object> (*decode)(const base::Json&)) {
  std::vector<Change> decoded;
  for (kube::Change& change : changes) {
    std::optional<Object> object;
    if (change.object) {
      auto read = decode(*change.object);
      if (!read.ok()) {
        LOG(WARNING) << "fixed: " << change.key.ToString() << ": "
                     << read.status().message();
        continue;
      }
      object = *std::move(read);
    }
    decoded.emplace_back(std::move(change.key), std::move(object));
  }
  return decoded;
}

// What the VPC says that it hasn't, it has given back.
absl::Status GiveBack(vpc::Provider& provider, const Registrar::Clear& clear) {
  const kube::VpcIpClaim& claim = clear.claim;
  for (const base::Mac& mac : clear.holders) {
    RETURN_IF_ERROR(provider.ReleaseFor(
        {claim.ip, mac, claim.subnet_id, claim.vpc_id, claim.zone}));
  }
  return absl::OkStatus();
}

}  // namespace

Office::Office(Parts parts)
    : parts_(std::move(parts)),
      elector_(ElectorOptions{.identity = parts_.node}, random_),
      elect_timer_(parts_.loop, [this] { Elect(); }),
      work_timer_(parts_.loop, [this] { Work(); }) {
  parts_.metrics.Declare("cnivpc_fixed_leads", "gauge",
                         "Whether this ipamd looks after all claims.");
  parts_.metrics.Declare("cnivpc_fixed_claims", "gauge",
                         "Claims of the cluster, told by the one that leads.");
}

// --- who leads

void Office::Elect() {
  if (stopped_) return;
  const absl::Duration now = BootNow();
  if (const auto call = elector_.Next(now, absl::Now())) Send(*call);
  const bool leads = elector_.Leads(now);
  if (leads && registrar_ == nullptr) Open();
  if (!leads && registrar_ != nullptr) Close();
  elect_timer_.Set(std::clamp(elector_.deadline() - now, absl::Milliseconds(10),
                              absl::Minutes(15)));
}

void Office::Send(const Elector::Call& call) {
  Run(electing_, [this, call]() -> base::Task {
    if (std::holds_alternative<Elector::Look>(call)) {
      auto lease = GetLease(*parts_.client, ElectorOptions().key);
      return [this, lease = std::move(lease)] {
        Count("lease-get", lease.status());
        elector_.OnLooked(lease, BootNow());
        Elect();
      };
    }
    const auto* make = std::get_if<Elector::Make>(&call);
    auto lease =
        make != nullptr
            ? MakeLease(*parts_.client, make->lease)
            : WriteLease(*parts_.client, std::get<Elector::Write>(call).lease);
    return [this, lease = std::move(lease)] {
      Count("lease-write", lease.status());
      elector_.OnWritten(lease, BootNow());
      Elect();
    };
  });
}

void Office::SetInterest(bool interested) {
  elector_.SetInterest(interested, BootNow());
  if (!stopped_) {
    elect_timer_.Set(std::clamp(elector_.deadline() - BootNow(),
                                absl::Milliseconds(10), absl::Minutes(15)));
  }
}

void Office::Stop() {
  if (stopped_) return;
  stopped_ = true;
  elect_timer_.Cancel();
  if (registrar_ != nullptr) Close();
  const auto last = elector_.Resign(absl::Now());
  if (!last) return;
  electing_.Run([client = parts_.client, lease = last->lease] {
    WriteLease(*client, lease).IgnoreError();
  });
}

// --- while we lead

void Office::Open() {
  LOG(INFO) << "fixed: this node leads: it looks after all claims";
  registrar_ = std::make_unique<Registrar>();
  const int term = ++term_;
  claims_ = std::make_unique<kube::Follower>(
      std::make_unique<kube::Client>(parts_.api),
      kube::Query{.resource = kube::kVpcIpClaims},
      [this, term](kube::Follower::Report report) {
        auto changes = ChangesOf<Registrar::ClaimChange>(
            std::move(report.changes), &kube::DecodeVpcIpClaim);
        parts_.loop.Post([this, term, changes = std::move(changes),
                          complete = report.complete]() mutable {
          if (term != term_ || registrar_ == nullptr) return;
          registrar_->OnClaims(std::move(changes), complete);
          Work();
        });
      });
  sets_ = std::make_unique<kube::Follower>(
      std::make_unique<kube::Client>(parts_.api),
      kube::Query{.resource = kube::kStatefulSets},
      [this, term](kube::Follower::Report report) {
        auto changes = ChangesOf<Registrar::SetChange>(
            std::move(report.changes), &kube::DecodeStatefulSet);
        parts_.loop.Post([this, term, changes = std::move(changes),
                          complete = report.complete]() mutable {
          if (term != term_ || registrar_ == nullptr) return;
          registrar_->OnSets(std::move(changes), complete);
          Work();
        });
      });
}

void Office::Close() {
  LOG(INFO) << "fixed: this node leads no more";
  work_timer_.Cancel();
  for (kube::Follower* follower : {claims_.get(), sets_.get()}) {
    follower->Stop();  // none waits for the other's end
  }
  claims_.reset();
  sets_.reset();
  registrar_.reset();
}

void Office::Work() {
  if (registrar_ == nullptr) return;
  if (!elector_.Leads(BootNow())) return Close();
  const absl::Time now = absl::Now();
  if (const auto call = registrar_->Next(now)) return Do(*call);
  const absl::Time deadline = registrar_->deadline();
  if (deadline == absl::InfiniteFuture()) return work_timer_.Cancel();
  work_timer_.Set(
      std::clamp(deadline - now, absl::Milliseconds(10), absl::Hours(1)));
}

void Office::Do(const Registrar::Call& call) {
  if (const auto* read = std::get_if<Registrar::ReadPod>(&call)) {
    return Read(read->key);
  }
  const auto client = parts_.client;
  if (const auto* patch = std::get_if<Registrar::PatchClaim>(&call)) {
    LOG(INFO) << "fixed: claim=" << patch->claim.meta.key.ToString()
              << " address=" << patch->claim.ip.ToString()
              << (patch->claim.attached ? ": labelled" : ": detached");
    return Write("claim-write", patch->claim.meta.key,
                 [client, claim = patch->claim] {
                   return WriteClaim(*client, claim).status();
                 });
  }
  if (const auto* gone = std::get_if<Registrar::DeleteClaim>(&call)) {
    LOG(INFO) << "fixed: claim=" << gone->key.ToString()
              << ": its time is over, deleted";
    return Write("claim-delete", gone->key, [client, gone = *gone] {
      return client->Delete(kube::kVpcIpClaims, gone.key,
                            {gone.uid, gone.resource_version},
                            absl::Now() + kCallLimit);
    });
  }
  const auto& clear = std::get<Registrar::Clear>(call);
  LOG(WARNING) << "fixed: claim=" << clear.claim.meta.key.ToString()
               << " address=" << clear.claim.ip.ToString()
               << ": its node doesn't give it back, so that is done for it";
  Write("claim-clear", clear.claim.meta.key,
        [client, provider = parts_.provider, clear]() -> absl::Status {
          RETURN_IF_ERROR(GiveBack(*provider, clear));
          return Unfinalize(*client, clear.claim.meta.key,
                            clear.claim.meta.uid);
        });
}

void Office::Read(const kube::ObjectKey& key) {
  Run(working_, [this, key, term = term_]() -> base::Task {
    auto pod = GetPod(*parts_.client, key);
    return [this, key, term, pod = std::move(pod)] {
      Count("pod-get", pod.status());
      if (term != term_ || registrar_ == nullptr) return;
      registrar_->OnPod(key, pod, absl::Now());
      Work();
    };
  });
}

void Office::Write(const char* what, const kube::ObjectKey& key,
                   std::function<absl::Status()> blocking) {
  Run(working_,
      [this, what, key, term = term_,
       blocking = std::move(blocking)]() -> base::Task {
        const absl::Status status = blocking();
        return [this, what, key, term, status] {
          Count(what, status);
          if (!status.ok()) {
            LOG(WARNING) << "fixed: " << what << " " << key.ToString() << ": "
                         << status.message();
          }
          if (term != term_ || registrar_ == nullptr) return;
          registrar_->OnDone(key, status, absl::Now());
          Work();
        };
      });
}

// Runs `blocking` on a worker; what it returns runs here afterwards.
void Office::Run(base::Workers& worker, std::function<base::Task()> blocking) {
  worker.Run(
      [this, blocking = std::move(blocking)] { parts_.loop.Post(blocking()); });
}

void Office::Count(const char* call, const absl::Status& status) {
  parts_.metrics.Add(
      "cnivpc_kubernetes_calls_total",
      {{"call", call}, {"code", absl::StatusCodeToString(status.code())}});
}

void Office::UpdateMetrics() {
  parts_.metrics.Set("cnivpc_fixed_leads", registrar_ != nullptr ? 1 : 0);
  const bool known = registrar_ != nullptr;
  const size_t claims = known ? registrar_->claims() : 0;
  const size_t detached = known ? registrar_->detached() : 0;
  parts_.metrics.Set("cnivpc_fixed_claims",
                     static_cast<double>(claims - detached),
                     {{"attached", "true"}});
  parts_.metrics.Set("cnivpc_fixed_claims", static_cast<double>(detached),
                     {{"attached", "false"}});
}

}  // namespace applets::ipamd::fixed
