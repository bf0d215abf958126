#include "applets/ipamd/vpc_metrics.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using testing::HasSubstr;

vpc::Usage Example() {
  vpc::Usage usage;
  usage.calls[{"DescribeSecondaryIp", "0"}] = {3, absl::Milliseconds(1500)};
  usage.calls[{"DeleteSecondaryIp", "153"}] = {1, absl::Milliseconds(20)};
  usage.waited = absl::Seconds(2);
  usage.rate_per_second = 2.5;
  usage.circuit = "half-open";
  return usage;
}

TEST(VpcMetricsTest, ShowCallsByActionAndResult) {
  Metrics metrics;
  DeclareVpcMetrics(metrics);
  CopyVpcMetrics(Example(), metrics);
  const std::string text = metrics.Text();
  EXPECT_THAT(text,
              HasSubstr("cnivpc_vpc_requests_total{action=\"DescribeSecond"
                        "aryIp\",result=\"0\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("cnivpc_vpc_requests_total{action=\"DeleteSecondar"
                        "yIp\",result=\"153\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("cnivpc_vpc_request_seconds_total{action=\"DescribeSeco"
                        "ndaryIp\",result=\"0\"} 1.5\n"));
}

TEST(VpcMetricsTest, ShowTheBudgetAndTheCircuit) {
  Metrics metrics;
  DeclareVpcMetrics(metrics);
  CopyVpcMetrics(Example(), metrics);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("cnivpc_vpc_wait_seconds_total 2\n"));
  EXPECT_THAT(text, HasSubstr("cnivpc_vpc_budget_requests_per_second 2.5\n"));
  EXPECT_THAT(text, HasSubstr("cnivpc_vpc_circuit{state=\"half-open\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("cnivpc_vpc_circuit{state=\"closed\"} 0\n"));
}

TEST(VpcMetricsTest, CopyingAgainDoesNotAddUp) {
  Metrics metrics;
  DeclareVpcMetrics(metrics);
  CopyVpcMetrics(Example(), metrics);
  const std::string once = metrics.Text();
  CopyVpcMetrics(Example(), metrics);
  EXPECT_EQ(metrics.Text(), once);
}

}  // namespace
}  // namespace applets::ipamd
