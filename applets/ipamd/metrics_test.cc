#include "applets/ipamd/metrics.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

TEST(MetricsTest, WritesPrometheusText) {
  Metrics metrics;
  metrics.Declare("a_total", "counter", "Things.");
  metrics.Declare("b", "gauge", "Level.");
  metrics.Add("a_total", {{"code", "OK"}});
  metrics.Add("a_total", {{"code", "OK"}}, 2);
  metrics.Add("a_total", {{"code", "x\"y\n"}});
  metrics.Set("b", 2.5);
  metrics.Set("b", 1.5);
  EXPECT_EQ(metrics.Text(),
            "# HELP a_total Things.\n# TYPE a_total counter\n"
            "a_total{code=\"OK\"} 3\n"
            "a_total{code=\"x\\\"y\\n\"} 1\n"
            "# HELP b Level.\n# TYPE b gauge\nb 1.5\n");
}

}  // namespace
}  // namespace applets::ipamd
