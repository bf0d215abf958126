#include "applets/upgrade/kube_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

ClusterNode Decoded(const std::string& spec, const std::string& ready = "True",
                    const std::string& labels = "{}") {
  const auto json = base::Json::Parse(absl::StrCat(
      R"({"metadata": {"name": "n", "labels": )", labels, R"(}, "spec": )",
      spec, R"(, "status": {"addresses": [)",
      R"({"type": "Hostname", "address": "n"},)",
      R"({"type": "InternalIP", "address": "10.0.0.5"}],)",
      R"("conditions": [{"type": "DiskPressure", "status": "False"},)",
      R"({"type": "Ready", "status": ")", ready,
      R"(", "message": "says"}]}})"));
  EXPECT_TRUE(json.ok()) << json.status();
  const auto node = DecodeClusterNode(*json);
  EXPECT_TRUE(node.ok()) << node.status();
  return *node;
}

constexpr char kTainted[] =
    R"({"taints": [{"key": "dedicated", "value": "db", "effect": "NoExecute"},
                   {"key": "x", "effect": "PreferNoSchedule"}]})";

TEST(KubeNodesTest, AReadyNodeIsWorkedOn) {
  const ClusterNode node = Decoded("{}");
  EXPECT_EQ(node.address, "10.0.0.5");
  EXPECT_EQ(WhySkipped(node, {}), "");
}

TEST(KubeNodesTest, ATaintedNodeNeedsForce) {
  const ClusterNode node = Decoded(kTainted);
  EXPECT_THAT(WhySkipped(node, {}),
              HasSubstr("tainted (dedicated=db:NoExecute)"));
  EXPECT_EQ(WhySkipped(node, {.force = true}), "");
}

TEST(KubeNodesTest, ACordonIsNamedOnceNotAsATaint) {
  const ClusterNode node = Decoded(
      R"({"unschedulable": true, "taints": [
          {"key": "node.kubernetes.io/unschedulable",
           "effect": "NoSchedule"}]})");
  EXPECT_THAT(WhySkipped(node, {}), HasSubstr("cordoned"));
  EXPECT_EQ(WhySkipped(node, {.force = true}), "");
}

TEST(KubeNodesTest, ANodeThatRunsNoPodIsSkippedAlsoWithForce) {
  const FleetMeans force{.force = true};
  EXPECT_EQ(WhySkipped(Decoded("{}", "False"), force), "not ready: says");
  EXPECT_EQ(WhySkipped(Decoded("{}", "Unknown"), force), "unreachable: says");
  EXPECT_EQ(
      WhySkipped(Decoded("{}", "True", R"({"kubernetes.io/os": "windows"})"),
                 force),
      "runs windows");
  EXPECT_THAT(WhySkipped(ClusterNode{.name = "new"}, force),
              HasSubstr("unreachable"));
}

TEST(KubeNodesTest, ARunHasTheNodesInOrderAndSaysWhichItLeavesAlone) {
  std::vector<ClusterNode> cluster(3, Decoded("{}"));
  cluster[0].name = "c";
  cluster[1].name = "a";
  cluster[2].name = "b";
  cluster[2].cordoned = true;
  const auto all = NodesFor(cluster, {}, {}, kNow);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].name, "a");
  EXPECT_EQ((*all)[0].state, NodeState::kWaiting);
  EXPECT_EQ((*all)[0].address, "10.0.0.5");
  EXPECT_EQ((*all)[1].state, NodeState::kSkipped);
  EXPECT_THAT((*all)[1].text, HasSubstr("cordoned"));
  const auto some = NodesFor(cluster, {"c"}, {}, kNow);
  ASSERT_EQ(some->size(), 1U);
  EXPECT_EQ(some->front().name, "c");
}

TEST(KubeNodesTest, ANodeThatIsntThereIsNamed) {
  const auto nodes = NodesFor({Decoded("{}")}, {"n", "m"}, {}, kNow);
  EXPECT_EQ(nodes.status(), absl::NotFoundError("the cluster has no node m"));
}

}  // namespace
}  // namespace applets::upgrade
