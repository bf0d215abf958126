#include "applets/ipamd/vpc_metrics.h"

#include "absl/time/time.h"

namespace applets::ipamd {
namespace {

constexpr char kRequests[] = "cnivpc_vpc_requests_total";
constexpr char kSeconds[] = "cnivpc_vpc_request_seconds_total";
constexpr char kWaited[] = "cnivpc_vpc_wait_seconds_total";
constexpr char kRate[] = "cnivpc_vpc_budget_requests_per_second";
constexpr char kCircuit[] = "cnivpc_vpc_circuit";

}  // namespace

void DeclareVpcMetrics(Metrics& metrics) {
  metrics.Declare(kRequests, "counter",
                  "Requests to the VPC by action and what it answered.");
  metrics.Declare(kSeconds, "counter", "How long these took.");
  metrics.Declare(kWaited, "counter",
                  "How long requests to the VPC waited for the budget.");
  metrics.Declare(kRate, "gauge",
                  "Requests a second that the budget allows; 0: no limit.");
  metrics.Declare(kCircuit, "gauge",
                  "1 for the state of the circuit breaker to the VPC.");
}

void CopyVpcMetrics(const vpc::Usage& usage, Metrics& metrics) {
  for (const auto& [key, calls] : usage.calls) {
    const Metrics::Labels labels = {{"action", key.first},
                                    {"result", key.second}};
    metrics.Set(kRequests, static_cast<double>(calls.count), labels);
    metrics.Set(kSeconds, absl::ToDoubleSeconds(calls.took), labels);
  }
  metrics.Set(kWaited, absl::ToDoubleSeconds(usage.waited));
  metrics.Set(kRate, usage.rate_per_second);
  for (const char* state : {"closed", "open", "half-open"}) {
    metrics.Set(kCircuit, usage.circuit == state ? 1 : 0, {{"state", state}});
  }
}

}  // namespace applets::ipamd
