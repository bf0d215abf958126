#include "netlink/pod_network.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
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

constexpr uint16_t kEchoPort = 7;

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

// How often a datagram is sent, and how long each is waited for. The kernel
// throws away what a new link sends before a worker has seen its carrier.
constexpr int kAttempts = 50;
constexpr timeval kPatience = {0, 200000};

base::Fd UdpSocket(int netns_fd) {
  const auto scope = NetnsScope::Enter(netns_fd);
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  return fd;
}

sockaddr_in At(base::Ipv4 address, uint16_t port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = address.network_order();
  return at;
}

bool Send(const base::Fd& from, const sockaddr_in& to) {
  const char byte = 'x';
  return sendto(from.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&to),
                sizeof(to)) == 1;
}

// Who sent what came in.
std::optional<sockaddr_in> Hear(const base::Fd& ear) {
  char byte;
  sockaddr_in from = {};
  socklen_t size = sizeof(from);
  if (recvfrom(ear.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from),
               &size) != 1) {
    return std::nullopt;
  }
  return from;
}

// Whether a datagram gets from one namespace to a pod, and the answer back.
bool Reaches(int from_netns, int pod_netns, base::Ipv4 pod) {
  const sockaddr_in at = At(pod, kEchoPort);
  const base::Fd server = UdpSocket(pod_netns);
  const base::Fd client = UdpSocket(from_netns);
  if (bind(server.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) !=
      0) {
    return false;
  }
  for (int i = 0; i < kAttempts; ++i) {
    if (!Send(client, at)) continue;
    const std::optional<sockaddr_in> from = Hear(server);
    if (from && Send(server, *from) && Hear(client)) return true;
  }
  return false;
}

TEST_F(PodNetworkTest, TheNodeReachesThePod) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  EXPECT_TRUE(Reaches(lab_.node_fd(), pod_.get(), wanted_.address));
}

TEST_F(PodNetworkTest, AHostOnTheWireReachesThePodByProxyArp) {
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  EXPECT_TRUE(Reaches(lab_.wire_fd(), pod_.get(), wanted_.address));
}

TEST_F(PodNetworkTest, TwoPodsReachEachOther) {
  const base::Fd other = MakeNetns();
  ASSERT_TRUE(SetUpPod(wanted_).ok());
  const auto second = netlink::SetUp(lab_.host(), other.get(),
                                     lab_.Plan("decaf", "web-1", 51), random_);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(Reaches(other.get(), pod_.get(), wanted_.address));
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
  EXPECT_TRUE(Reaches(lab_.node_fd(), newer.get(), plan.address));
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
