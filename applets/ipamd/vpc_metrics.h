#ifndef CNIVPC_APPLETS_IPAMD_VPC_METRICS_H_
#define CNIVPC_APPLETS_IPAMD_VPC_METRICS_H_

#include "applets/ipamd/metrics.h"
#include "vpc/provider.h"

namespace applets::ipamd {

// What the calls to the VPC have cost so far, as metrics:
//
//   cnivpc_vpc_requests_total{action,result}         result: "0" or what else
//   cnivpc_vpc_request_seconds_total{action,result}  vpc::Usage names
//   cnivpc_vpc_wait_seconds_total          calls have waited for the budget
//   cnivpc_vpc_budget_requests_per_second  what the budget allows; 0: no limit
//   cnivpc_vpc_circuit{state}              1 for the state that the breaker is
//   in
void DeclareVpcMetrics(Metrics& metrics);
void CopyVpcMetrics(const vpc::Usage& usage, Metrics& metrics);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_VPC_METRICS_H_
