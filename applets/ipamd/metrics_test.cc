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

TEST(MetricsTest, ACopyWithLabelsAddsThemToAll) {
  Metrics metrics;
  metrics.Declare("m", "counter", "M.");
  Metrics red = metrics.With({{"subnet", "red"}});
  red.Declare("m", "counter", "M.");
  metrics.Add("m");
  red.Add("m", {{"code", "OK"}});
  EXPECT_EQ(metrics.Text(),
            "# HELP m M.\n# TYPE m counter\nm 1\n"
            "m{code=\"OK\",subnet=\"red\"} 1\n");
}

TEST(MetricsTest, WhatHasTheLabelsIsForgottenAndNothingElse) {
  Metrics metrics;
  metrics.Declare("m", "gauge", "M.");
  Metrics red = metrics.With({{"subnet", "red"}});
  red.Set("m", 1, {{"code", "OK"}});
  metrics.With({{"subnet", "blue"}}).Set("m", 2);
  metrics.Set("m", 3);
  red.Forget();
  EXPECT_EQ(metrics.Text(),
            "# HELP m M.\n# TYPE m gauge\nm 3\nm{subnet=\"blue\"} 2\n");
}

}  // namespace
}  // namespace applets::ipamd
