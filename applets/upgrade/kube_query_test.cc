#include "applets/upgrade/kube_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "applets/upgrade/kube_lab.h"
#include "kube/client.h"

namespace applets::upgrade {
namespace {

FleetNode NodeA() { return {.name = "node-a", .address = "10.0.0.5"}; }

TEST(KubeQueryTest, WhatAPodSaysIsTheNodesFinding) {
  const Finding finding = FindingFrom(
      NodeA(), {.raw = R"({"installed": {"presence": "file", "sha256": "aa",
                  "version": "0.1.0"}, "own": {"sha256": "bb"},
                  "ipamd": {"version": "0.1.0", "address": "10.0.0.5"}})"});
  EXPECT_TRUE(finding.reached);
  EXPECT_EQ(finding.installed.version, "0.1.0");
  EXPECT_EQ(finding.ipamd, "0.1.0");
  EXPECT_EQ(finding.address, "10.0.0.5");
}

TEST(KubeQueryTest, ANodeThatDoesntAnswerSaysWhyAndWhereItIs) {
  const Finding finding = FindingFrom(
      NodeA(), {.kind = FleetAnswer::Kind::kNothing, .text = "no kubelet"});
  EXPECT_FALSE(finding.reached);
  EXPECT_EQ(finding.problem, "no kubelet");
  EXPECT_EQ(finding.address, "10.0.0.5");
}

TEST(KubeQueryTest, ASkippedNodeIsntAsked) {
  KubeLab lab;
  kube::Client api(lab.config());
  Operations operations(api);
  Fleet fleet;
  fleet.nodes.push_back(NodeA());
  fleet.nodes[0].state = NodeState::kSkipped;
  fleet.nodes[0].text = "not ready";
  const auto findings = QueryCluster(operations, fleet);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].node, "node-a");
  EXPECT_EQ(findings[0].finding.problem, "not ready");
  EXPECT_THAT(lab.asked(), testing::IsEmpty());
}

}  // namespace
}  // namespace applets::upgrade
