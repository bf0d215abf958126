#include "netlink/pod_inventory.h"

#include "absl/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/neigh.h"
#include "netlink/node_lab.h"
#include "netlink/pod_network.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PodInventoryTest : public ::testing::Test {
 protected:
  NodeLab lab_;
  Socket& host_ = lab_.host();
  base::Fd pod_ = MakeNetns();
  absl::BitGen random_;
  const PodNetwork plan_ = lab_.Plan("c0ffee", "web-0", 50);
};

TEST_F(PodInventoryTest, AnEmptyNodeHasNothing) {
  EXPECT_THAT(*ListPodLinks(host_), IsEmpty());
  EXPECT_THAT(*ListPodRoutes(host_), IsEmpty());
  EXPECT_THAT(*ListPodRules(host_), IsEmpty());
  EXPECT_THAT(*ListPodProxies(host_, lab_.node().ifindex), IsEmpty());
}

TEST_F(PodInventoryTest, FindsAllOfAPod) {
  ASSERT_TRUE(netlink::SetUp(host_, pod_.get(), plan_, random_).ok());
  const auto links = ListPodLinks(host_);
  ASSERT_THAT(*links, SizeIs(1));
  EXPECT_EQ(links->front().attachment, (AliasedAttachment{"c0ffee", "eth0"}));
  EXPECT_EQ(links->front().link.index, plan_.host_ifindex);
  const auto routes = ListPodRoutes(host_);
  ASSERT_THAT(*routes, SizeIs(1));
  EXPECT_EQ(routes->front().address, plan_.address);
  EXPECT_EQ(routes->front().host_ifindex, plan_.host_ifindex);
  EXPECT_THAT(*ListPodRules(host_), ElementsAre(plan_.address));
  EXPECT_THAT(*ListPodProxies(host_, lab_.node().ifindex),
              ElementsAre(plan_.address));
  EXPECT_THAT(*ListUnclaimedPodLinks(host_), IsEmpty());
}

TEST_F(PodInventoryTest, FindsWhatAPodLeftBehind) {
  ASSERT_TRUE(netlink::SetUp(host_, pod_.get(), plan_, random_).ok());
  ASSERT_EQ(host_.Transact(DeleteLink(plan_.host_ifindex)), absl::OkStatus());
  EXPECT_THAT(*ListPodLinks(host_), IsEmpty());
  EXPECT_THAT(*ListPodRoutes(host_), IsEmpty());
  EXPECT_THAT(*ListPodRules(host_), ElementsAre(plan_.address));
  EXPECT_THAT(*ListPodProxies(host_, lab_.node().ifindex),
              ElementsAre(plan_.address));
}

TEST_F(PodInventoryTest, KnowsThePodsOfThePluginBeforeUs) {
  ASSERT_TRUE(netlink::SetUp(host_, pod_.get(), plan_, random_).ok());
  ASSERT_EQ(
      host_.Transact(ChangeLink({.ifindex = plan_.host_ifindex, .alias = ""})),
      absl::OkStatus());
  EXPECT_THAT(*ListPodLinks(host_), IsEmpty());
  EXPECT_THAT(*ListUnclaimedPodLinks(host_), SizeIs(1));
}

TEST_F(PodInventoryTest, OtherRulesOfThatPriorityAreNotOurs) {
  ASSERT_EQ(
      host_.Transact(AddRule({.priority = kPodRulePriority, .table = 100})),
      absl::OkStatus());
  EXPECT_THAT(*ListPodRules(host_), IsEmpty());
}

}  // namespace
}  // namespace netlink
