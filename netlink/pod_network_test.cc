#include "netlink/pod_network.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/datagram_lab.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"
#include "netlink/pod_check.h"
#include "netlink/route.h"
#include "netlink/sysctl.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Each network is new.
constexpr int kManyAttempts = 50;

class PodNetworkTest : public ::testing::Test {
 protected:
  absl::StatusOr<PodNetwork> SetUpPod(const PodNetwork& wanted) {
    return netlink::SetUp(lab_.host(), pod_.get(), wanted, random_);
  }
  // Nothing of a pod is left on the node.
  void ExpectCleanNode() {
    EXPECT_THAT(*ListLinks(lab_.host(), "veth"), SizeIs(1));
    EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), IsEmpty());
    EXPECT_THAT(*ListProxies(lab_.host(), 0), IsEmpty());
    EXPECT_THAT(*ListRoutes(lab_.host(), RouteFilter{}), SizeIs(2));
  }

  NodeLab lab_;
  base::Fd pod_ = MakeNetns();
  absl::BitGen random_;
  const PodNetwork wanted_ = lab_.Plan("c0ffee", "web-0", 50);
};

TEST_F(PodNetworkTest, TheNodeReachesThePod) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  EXPECT_TRUE(
      Reaches(lab_.node_fd(), pod_.get(), wanted_.address, kManyAttempts));
}

TEST_F(PodNetworkTest, AHostOnTheWireReachesThePodByProxyArp) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  EXPECT_TRUE(
      Reaches(lab_.wire_fd(), pod_.get(), wanted_.address, kManyAttempts));
}

TEST_F(PodNetworkTest, TwoPodsReachEachOther) {
  const base::Fd other = MakeNetns();
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  const auto second = netlink::SetUp(lab_.host(), other.get(),
                                     lab_.Plan("decaf", "web-1", 51), random_);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(Reaches(other.get(), pod_.get(), wanted_.address, kManyAttempts));
}

TEST_F(PodNetworkTest, HasNamesNumbersAndMtuAsAskedFor) {
  const auto made = SetUpPod(wanted_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->host_ifindex, wanted_.host_ifindex);
  const auto host_end = GetLink(lab_.host(), wanted_.host_ifname);
  EXPECT_EQ(host_end->index, wanted_.host_ifindex);
  EXPECT_EQ(host_end->mac, wanted_.host_mac);
  EXPECT_EQ(host_end->alias, "cnivpc:c0ffee/eth0");
  EXPECT_EQ(host_end->mtu_bytes, 1452u);
  Socket pod = *SocketIn(pod_.get());
  const auto pod_end = GetLink(pod, "eth0");
  EXPECT_EQ(pod_end->index, wanted_.pod_ifindex);
  EXPECT_EQ(pod_end->mac, wanted_.pod_mac);
  EXPECT_EQ(pod_end->mtu_bytes, 1452u);
  EXPECT_TRUE(pod_end->up());
}

TEST_F(PodNetworkTest, ThePodAsksNoArpForItsGateway) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  Socket pod = *SocketIn(pod_.get());
  const auto gateway =
      GetNeighbor(pod, wanted_.pod_ifindex, NodeLab::kNodeAddress);
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  EXPECT_TRUE(gateway->permanent());
  EXPECT_EQ(gateway->mac, wanted_.host_mac);
}

TEST_F(PodNetworkTest, ThePodsPortRangeIsSet) {
  {
    const auto scope = NetnsScope::Enter(pod_.get());
    ASSERT_EQ(Sysctl().Set("net.ipv4.ip_local_port_range", "1024 65000"),
              absl::OkStatus());
  }
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  const auto scope = NetnsScope::Enter(pod_.get());
  EXPECT_EQ(*Sysctl().Get("net.ipv4.ip_local_port_range"), kPodPortRange);
}

TEST_F(PodNetworkTest, ARuleRouteOrProxyThatIsThereIsFine) {
  ASSERT_EQ(lab_.host().Transact(AddRule(PodRule(wanted_.address))),
            absl::OkStatus());
  ASSERT_EQ(
      lab_.host().Transact(AddProxy(lab_.node().ifindex, wanted_.address)),
      absl::OkStatus());
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), SizeIs(1));
  EXPECT_EQ(Check(lab_.host(), pod_.get(), wanted_), absl::OkStatus());
}

TEST_F(PodNetworkTest, ATakenNameInThePodIsAnErrorAndItsOwnerUntouched) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  PodNetwork again = lab_.Plan("decaf", "web-0", 51);
  const absl::Status status = SetUpPod(again).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("eth0"));
  EXPECT_EQ(Check(lab_.host(), pod_.get(), wanted_), absl::OkStatus());
  EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), SizeIs(1));
  EXPECT_THAT(*ListProxies(lab_.host(), 0), SizeIs(1));
}

TEST_F(PodNetworkTest, TakenIndexesAreChosenAnew) {
  const base::Fd other = MakeNetns();
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  for (const auto& [pod_index, host_index] :
       {std::pair(wanted_.host_ifindex, uint32_t{90001}),
        std::pair(uint32_t{90002}, wanted_.host_ifindex)}) {
    const base::Fd netns = MakeNetns();
    PodNetwork plan = lab_.Plan("decaf", "web-1", 51);
    plan.pod_ifindex = pod_index;
    plan.host_ifindex = host_index;
    const auto made = netlink::SetUp(lab_.host(), netns.get(), plan, random_);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_NE(made->host_ifindex, wanted_.host_ifindex);
    EXPECT_EQ(Check(lab_.host(), netns.get(), *made), absl::OkStatus());
    EXPECT_EQ(Check(lab_.host(), pod_.get(), wanted_), absl::OkStatus());
  }
  // No route was left on the link whose number was asked for.
  EXPECT_THAT(*ListRoutes(lab_.host(), {.ifindex = wanted_.host_ifindex}),
              SizeIs(1));
}

TEST_F(PodNetworkTest, ANewerSandboxOfThePodTakesTheName) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  const base::Fd newer = MakeNetns();
  const PodNetwork plan = lab_.Plan("decaf", "web-0", 50);
  const auto made = netlink::SetUp(lab_.host(), newer.get(), plan, random_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Check(lab_.host(), newer.get(), *made), absl::OkStatus());
  EXPECT_TRUE(
      Reaches(lab_.node_fd(), newer.get(), plan.address, kManyAttempts));
}

TEST_F(PodNetworkTest, WhatIsNoVethKeepsItsName) {
  Request bridge(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  bridge.PutHeader(ifinfomsg{})
      .PutString(IFLA_IFNAME, wanted_.host_ifname)
      .PutNest(IFLA_LINKINFO,
               [](Request& info) { info.PutString(IFLA_INFO_KIND, "bridge"); });
  ASSERT_EQ(lab_.host().Transact(bridge), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(SetUpPod(wanted_).status()));
  EXPECT_EQ(GetLink(lab_.host(), wanted_.host_ifname)->kind, "bridge");
}

TEST_F(PodNetworkTest, AnAddressThatLeadsElsewhereIsRefusedAndLeftAlone) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  const base::Fd other = MakeNetns();
  const absl::Status status =
      netlink::SetUp(lab_.host(), other.get(), lab_.Plan("decaf", "web-1", 50),
                     random_)
          .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("10.0.0.50 is in use"));
  EXPECT_EQ(Check(lab_.host(), pod_.get(), wanted_), absl::OkStatus());
  EXPECT_THAT(*ListLinks(lab_.host(), "veth"), SizeIs(2));
}

TEST_F(PodNetworkTest, AFailureOnTheNodeLeavesNothing) {
  PodNetwork plan = wanted_;
  plan.node_ifindex = 4711;
  const absl::Status status = SetUpPod(plan).status();
  EXPECT_EQ(base::ErrnoOf(status), ENODEV);
  EXPECT_THAT(status.message(), HasSubstr("proxy neighbour"));
  ExpectCleanNode();
}

TEST_F(PodNetworkTest, AFailureOnTheNodeKeepsARuleThatWasThereBefore) {
  ASSERT_EQ(lab_.host().Transact(AddRule(PodRule(wanted_.address))),
            absl::OkStatus());
  PodNetwork plan = wanted_;
  plan.node_ifindex = 4711;
  EXPECT_FALSE(SetUpPod(plan).ok());
  EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), SizeIs(1));
}

TEST_F(PodNetworkTest, AFailureInThePodLeavesNothing) {
  // A default route of somebody else's stands in the way of ours.
  Socket pod = *SocketIn(pod_.get());
  ASSERT_EQ(pod.Transact(CreateVeth(
                {.inner = {70001, "x", {}, 0}, .outer = {70002, "y", {}, 0}})),
            absl::OkStatus());
  ASSERT_EQ(pod.Transact(ChangeLink(
                {.ifindex = 70002, .state = LinkChange::State::kUp})),
            absl::OkStatus());
  ASSERT_EQ(pod.Transact(AddRoute({.ifindex = 70001})), absl::OkStatus());
  const absl::Status status = SetUpPod(wanted_).status();
  EXPECT_EQ(base::ErrnoOf(status), EEXIST);
  EXPECT_THAT(status.message(), HasSubstr("default route"));
  ExpectCleanNode();
  EXPECT_FALSE(GetLink(pod, "eth0").ok());
}

TEST_F(PodNetworkTest, ABadRequestLeavesNothing) {
  PodNetwork plan = wanted_;
  plan.mtu_bytes = 7;
  EXPECT_THAT(SetUpPod(plan).status().message(),
              HasSubstr("make the veth pair: RTM_NEWLINK"));
  ExpectCleanNode();
}

TEST_F(PodNetworkTest, WhatIsNoNamespaceIsRefusedBeforeAnythingIsDone) {
  EXPECT_FALSE(netlink::SetUp(lab_.host(), 0, wanted_, random_).ok());
  EXPECT_FALSE(netlink::SetUp(lab_.host(), -1, wanted_, random_).ok());
  ExpectCleanNode();
}

TEST(ChooseIndexesTest, GivesTwoDifferentNumbersInRange) {
  absl::BitGen random;
  for (int i = 0; i < 1000; ++i) {
    const VethIndexes indexes = ChooseIndexes(random);
    EXPECT_NE(indexes.pod, indexes.host);
    EXPECT_GE(std::min(indexes.pod, indexes.host), kFirstIndex);
    EXPECT_LT(std::max(indexes.pod, indexes.host), kLastIndex);
  }
}

}  // namespace
}  // namespace netlink
