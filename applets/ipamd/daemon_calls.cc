// What a Daemon answers on its socket, its metrics among it.

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/daemon.h"
#include "applets/ipamd/resources.h"
#include "applets/ipamd/vpc_metrics.h"
#include "base/build_info.h"

namespace applets::ipamd {
namespace {

using rpc::Answer;

absl::StatusOr<Answer> AsAnswer(const absl::Status& status) {
  if (!status.ok()) return status;
  return Answer{};
}

bool MayChange(const ucred& peer) {
  return peer.uid == 0 || peer.uid == geteuid();
}

}  // namespace

void Daemon::OnCall(const rpc::Call& call, rpc::Reply reply) {
  const absl::Time begin = absl::Now();
  Route(call, [this, path = call.path, begin,
               reply = std::move(reply)](absl::StatusOr<Answer> answer) {
    const std::string known =
        answer.status().code() == absl::StatusCode::kUnimplemented ? "other"
                                                                   : path;
    metrics_.Add("cnivpc_rpc_requests_total",
                 {{"path", known},
                  {"code", absl::StatusCodeToString(answer.status().code())}});
    metrics_.Add("cnivpc_rpc_seconds_total", {{"path", known}},
                 absl::ToDoubleSeconds(absl::Now() - begin));
    reply(std::move(answer));
  });
}

void Daemon::Route(const rpc::Call& call, rpc::Reply reply) {
  if (call.method == "GET") return Get(call, reply);
  if (!MayChange(call.peer)) {
    return reply(absl::PermissionDeniedError(
        absl::StrCat("user ", call.peer.uid, " may look, but not change")));
  }
  Post(call, std::move(reply));
}

void Daemon::Get(const rpc::Call& call, const rpc::Reply& reply) {
  if (admin_->Get(call, reply)) return;
  if (call.path == "/healthz") return reply(Answer{"ok\n", "text/plain"});
  if (call.path == "/metrics") {
    return reply(Answer{MetricsText(), "text/plain; version=0.0.4"});
  }
  if (call.path == "/v1/pool") {
    return reply(Answer{rpc::ToJson(PoolNow())});
  }
  if (call.path == "/readyz") return reply(AsAnswer(Readiness()));
  if (call.path == "/v1/status") {
    if (own().pool().counts().warm > 0) told_.OnWarm();
    const absl::Status status = Readiness();
    const absl::Status told = told_.Look(status, ledger::BootNow());
    const bool serves = own().store_status().ok() && !stopping_;
    return reply(AsAnswer(serves ? told : status));
  }
  reply(absl::UnimplementedError(absl::StrCat("no such path: ", call.path)));
}

// Of all interfaces.
rpc::PoolReply Daemon::PoolNow() const {
  rpc::PoolReply all{options_.node, {}, own().subnet()};
  for (const auto& pool : pools_->all()) {
    for (rpc::PoolEntry& entry : pool->desk().Pool(options_.node).entries) {
      all.entries.push_back(std::move(entry));
    }
  }
  return all;
}

// Of the node's own pool: pods of others wait for theirs, or try again.
absl::Status Daemon::Readiness() const {
  if (stopping_) return absl::UnavailableError("ipamd is stopping");
  return own().Readiness();
}

void Daemon::Post(const rpc::Call& call, rpc::Reply reply) {
  if (admin_->Post(call, reply)) return;
  if (call.path == "/v1/leases/acquire") {
    const auto request = rpc::ParseAcquireRequest(call.body);
    if (!request.ok()) return reply(request.status());
    return reception_->Acquire(*request, call.connection,
                               [reply](absl::StatusOr<rpc::AcquireReply> got) {
                                 if (!got.ok()) return reply(got.status());
                                 reply(Answer{rpc::ToJson(*got)});
                               });
  }
  if (call.path == "/v1/leases/attached") {
    const auto attachment = rpc::ParseAttachment(call.body);
    if (!attachment.ok()) return reply(attachment.status());
    return reply(AsAnswer(reception_->Attached(*attachment, call.connection)));
  }
  if (call.path == "/v1/leases/release") {
    const auto request = rpc::ParseReleaseRequest(call.body);
    if (!request.ok()) return reply(request.status());
    return reception_->Release(
        *request, call.connection,
        [reply](absl::Status status) { reply(AsAnswer(status)); });
  }
  if (call.path == "/v1/leases/check") {
    const auto attachment = rpc::ParseAttachment(call.body);
    if (!attachment.ok()) return reply(attachment.status());
    const auto found = reception_->Check(*attachment);
    if (!found.ok()) return reply(found.status());
    return reply(Answer{rpc::ToJson(*found)});
  }
  if (call.path == "/v1/gc") {
    const auto request = rpc::ParseGcRequest(call.body);
    if (!request.ok()) return reply(request.status());
    return reception_->Gc(*request, [reply](absl::StatusOr<rpc::GcReply> got) {
      if (!got.ok()) return reply(got.status());
      reply(Answer{rpc::ToJson(*got)});
    });
  }
  reply(absl::UnimplementedError(absl::StrCat("no such path: ", call.path)));
}

void Daemon::Declare() {
  metrics_.Declare("cnivpc_build_info", "gauge", "Always 1; see the labels.");
  metrics_.Declare("cnivpc_pool_addresses", "gauge", "Addresses by state.");
  metrics_.Declare("cnivpc_adds_waiting", "gauge",
                   "ADDs that wait for an address.");
  metrics_.Declare("cnivpc_rpc_requests_total", "counter",
                   "Calls on the socket by path and outcome.");
  metrics_.Declare("cnivpc_rpc_seconds_total", "counter",
                   "Time until these calls were answered.");
  metrics_.Declare("cnivpc_store_errors_total", "counter",
                   "Records that couldn't be stored.");
  metrics_.Declare("cnivpc_queued_releases_total", "counter",
                   "DELs that had been queued while ipamd couldn't take them.");
  DeclareVpcMetrics(metrics_);
  metrics_.Declare("process_resident_memory_bytes", "gauge",
                   "Resident memory.");
  const base::BuildInfo build = base::GetBuildInfo();
  metrics_.Set("cnivpc_build_info", 1,
               {{"version", std::string(build.version)},
                {"commit", std::string(build.commit)}});
}

std::string Daemon::MetricsText() {
  for (const auto& pool : pools_->all()) pool->UpdateMetrics();
  if (cluster_ != nullptr) cluster_->UpdateMetrics();
  if (fixed_ != nullptr) fixed_->UpdateMetrics();
  metrics_.Set("process_resident_memory_bytes",
               static_cast<double>(ResidentBytes()));
  return metrics_.Text();
}

}  // namespace applets::ipamd
