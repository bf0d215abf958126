#include "netlink/further_interface.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/datagram_lab.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/pod_check.h"
#include "netlink/pod_repair.h"
#include "netlink/pod_teardown.h"
#include "netlink/require.h"
#include "netlink/return_mark.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/sysctl.h"
#include "netlink/two_nets_lab.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Whatever rp_filter the distribution sets: none, strict, loose.
class FurtherInterfaceTest : public ::testing::TestWithParam<int> {
 protected:
  FurtherInterfaceTest() {
    for (NodeWithTwo* node : {&a_, &b_}) {
      node->PlugFurther();
      Require(node->Prepare().status());
    }
  }

  Vpc vpc_;
  NodeWithTwo a_{vpc_, "a", 1, GetParam()};
  NodeWithTwo b_{vpc_, "b", 2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(RpFilter, FurtherInterfaceTest,
                         ::testing::Values(0, 1, 2));

TEST_P(FurtherInterfaceTest, PodsOfTheSubnetReachEachOtherAcrossNodes) {
  const auto p = a_.Start("p", InFurther(10));
  const auto q = b_.Start("q", InFurther(20));
  EXPECT_EQ(Reaches(p->netns.get(), q->netns.get(), InFurther(20)),
            InFurther(10));
  EXPECT_EQ(Reaches(q->netns.get(), p->netns.get(), InFurther(10)),
            InFurther(20));
}

TEST_P(FurtherInterfaceTest, PodsOfTheSubnetReachEachOtherOnOneNode) {
  const auto p = a_.Start("p", InFurther(10));
  const auto q = a_.Start("q", InFurther(11));
  EXPECT_EQ(Reaches(p->netns.get(), q->netns.get(), InFurther(11)),
            InFurther(10));
}

TEST_P(FurtherInterfaceTest, PodsOfTheNodesOwnSubnetAreReachedBothWays) {
  const auto p = a_.Start("p", InFurther(10));
  const auto here = a_.Start("here", InMain(50));
  const auto there = b_.Start("there", InMain(60));
  for (const LabPod* own : {here.get(), there.get()}) {
    const base::Ipv4 address = own->network.address;
    EXPECT_EQ(Reaches(p->netns.get(), own->netns.get(), address),
              InFurther(10));
    EXPECT_EQ(Reaches(own->netns.get(), p->netns.get(), InFurther(10)),
              address);
  }
}

TEST_P(FurtherInterfaceTest, NodesReachThePodByTheirMainAddressAndItThem) {
  const auto p = a_.Start("p", InFurther(10));
  EXPECT_EQ(Reaches(a_.netns_fd(), p->netns.get(), InFurther(10)), InMain(1));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10)), InMain(2));
  EXPECT_EQ(Reaches(p->netns.get(), a_.netns_fd(), InMain(1)), InFurther(10));
  EXPECT_EQ(Reaches(p->netns.get(), b_.netns_fd(), InMain(2)), InFurther(10));
}

TEST_P(FurtherInterfaceTest, TheInterfacesOwnAddressAnswersByIt) {
  EXPECT_EQ(Reaches(b_.netns_fd(), a_.netns_fd(), InFurther(1)), InMain(2));
}

TEST_P(FurtherInterfaceTest, WhatGoesWhenTheLinkGoesDownIsMadeAnew) {
  const auto p = a_.Start("p", InFurther(10));
  const uint32_t ifindex = a_.further().ifindex;
  Require(a_.host().Transact(
      ChangeLink({.ifindex = ifindex, .state = LinkChange::State::kDown})));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10), kFewAttempts),
            std::nullopt);
  Require(a_.Prepare().status());
  // The proxy has gone with it: the mender's business.
  Require(a_.host().Transact(RequestFor(PodPart::kProxy, p->network)));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10)), InMain(2));
}

// As the portmap plugin does.
void MapPort(int netns_fd, base::Ipv4 node, uint16_t port, base::Ipv4 pod) {
  const auto scope = NetnsScope::Enter(netns_fd);
  const std::string command =
      absl::StrCat("/usr/sbin/iptables -t nat -A PREROUTING -p udp -d ",
                   node.ToString(), " --dport ", port,
                   " -j DNAT --to-destination ", pod.ToString(), ":", kLabPort);
  ASSERT_EQ(std::system(command.c_str()), 0);
}

// The answer bears the node's address, so eth1 mustn't send it.
TEST_P(FurtherInterfaceTest, AHostPortIsAnsweredByTheMainInterface) {
  constexpr uint16_t kHostPort = 8080;
  const auto p = a_.Start("p", InFurther(10));
  MapPort(a_.netns_fd(), InMain(1), kHostPort, InFurther(10));
  EXPECT_EQ(AnswerFrom(b_.netns_fd(), InMain(1), kHostPort, *p), InMain(1));
  {
    const auto scope = NetnsScope::Enter(a_.netns_fd());
    EXPECT_EQ(ForgetConnections(), absl::OkStatus());
  }
  EXPECT_EQ(AnswerFrom(b_.netns_fd(), InMain(1), kHostPort, *p, kFewAttempts),
            std::nullopt);
}

class PrepareFurtherTest : public ::testing::Test {
 protected:
  std::vector<Rule> RulesOf(uint32_t priority) {
    return Require(ListRules(a_.host(), priority));
  }
  std::vector<Route> TableOf(uint32_t table) {
    return Require(ListRoutes(a_.host(), {.table = table}));
  }

  Vpc vpc_;
  NodeWithTwo a_{vpc_, "a", 1, 1};
};

TEST_F(PrepareFurtherTest, WaitsForTheLink) {
  EXPECT_EQ(a_.Prepare().status().code(), absl::StatusCode::kNotFound);
  a_.PlugFurther();
  const auto further = a_.Prepare();
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(further->name, "eth1");
  EXPECT_EQ(further->address, InFurther(1));
  EXPECT_EQ(further->prefix_length, 24);
  EXPECT_EQ(further->table, 1001u);
  EXPECT_EQ(further->gateway, kFurtherGateway);
}

TEST_F(PrepareFurtherTest, MayBeRepeated) {
  a_.PlugFurther();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(a_.Prepare().ok());
    EXPECT_THAT(TableOf(1001), SizeIs(2));
    EXPECT_THAT(RulesOf(kReturnRulePriority), SizeIs(1));
    EXPECT_THAT(RulesOf(kPodSourceRulePriority),
                ElementsAre(PodSourceRule(InFurther(1), 1001)));
  }
}

TEST_F(PrepareFurtherTest, ADhcpClientsRouteToTheSubnetIsRemoved) {
  a_.PlugFurther();
  const uint32_t ifindex = Require(GetIfindex(a_.host(), "eth1"));
  Require(a_.host().Transact(
      ChangeLink({.ifindex = ifindex, .state = LinkChange::State::kUp})));
  Give(a_.host(), "eth1", InFurther(1), 24);
  EXPECT_THAT(Require(ListRoutes(a_.host(), {.ifindex = ifindex})), SizeIs(1));
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_THAT(Require(ListRoutes(a_.host(), {.ifindex = ifindex})), IsEmpty());
}

TEST_F(PrepareFurtherTest, ARuleOfAnEarlierAttachmentIsReplaced) {
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(1), 1007))));
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001)));
}

TEST_F(PrepareFurtherTest, TheMtuIsNoLargerThanTheMainInterfaces) {
  Require(a_.host().Transact(
      ChangeLink({.ifindex = a_.main().ifindex, .mtu_bytes = 1452})));
  NodeWithTwo* node = &a_;
  node->PlugFurther();
  const auto scope = NetnsScope::Enter(a_.netns_fd());
  const Node main = Require(FindNode(a_.host(), "eth0"));
  const auto further = PrepareFurther(a_.host(), Sysctl(), main, a_.Wanted());
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(further->mtu_bytes, 1452u);
  EXPECT_EQ(Require(GetLink(a_.host(), "eth1")).mtu_bytes, 1452u);
}

TEST_F(PrepareFurtherTest, SetsTheKernelsSwitches) {
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/forwarding"), "1");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/arp_ignore"), "1");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/arp_announce"), "2");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth0/rp_filter"), "2");
}

TEST_F(PrepareFurtherTest, AbandoningLeavesNothingButTheRuleOfTheNode) {
  a_.PlugFurther();
  const auto further = a_.Prepare();
  ASSERT_TRUE(further.ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(AbandonFurther(a_.host(), *further), absl::OkStatus());
    EXPECT_THAT(TableOf(1001), IsEmpty());
    EXPECT_THAT(RulesOf(kPodSourceRulePriority), IsEmpty());
    EXPECT_FALSE(Require(GetLink(a_.host(), "eth1")).up());
  }
}

TEST_F(PrepareFurtherTest, ThePodsRuleIsMadeCheckedMendedAndTornDown) {
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  // What an earlier pod on another interface has left.
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(10), 1009))));
  const auto p = a_.Start("p", InFurther(10));
  const Rule rule = PodSourceRule(InFurther(10), 1001);
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001), rule));
  EXPECT_EQ(Check(a_.host(), p->netns.get(), p->network), absl::OkStatus());

  Require(a_.host().Transact(RemoveRule(rule)));
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(10), 1003))));
  EXPECT_FALSE(Check(a_.host(), p->netns.get(), p->network).ok());
  const NodeView view = Require(ViewNode(a_.host()));
  const auto missing =
      MissingOnNode(view, *FindHostEnd(view, p->network), p->network);
  EXPECT_THAT(missing, ElementsAre(PodPart::kSourceRule));
  const auto mended = Mend(a_.host(), -1, p->network, missing);
  ASSERT_THAT(mended, SizeIs(1));
  EXPECT_EQ(mended[0].status, absl::OkStatus());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001), rule));

  EXPECT_EQ(netlink::TearDown(a_.host(), {.alias = p->network.alias}),
            absl::OkStatus());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001)));
}

}  // namespace
}  // namespace netlink
