#include "netlink/pod_check.h"

#include <linux/rtnetlink.h>

#include "absl/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"
#include "netlink/route.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;

constexpr base::Mac kOtherMac({2, 9, 9, 9, 9, 9});

class PodCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::BitGen random;
    const auto made = netlink::SetUp(host_, pod_.get(), made_, random);
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_EQ(CheckPod(), absl::OkStatus());
  }
  absl::Status CheckPod() { return Check(host_, pod_.get(), made_); }
  void OnNode(const Request& request) {
    ASSERT_EQ(host_.Transact(request), absl::OkStatus());
  }
  void InPod(const Request& request) {
    Socket socket = *SocketIn(pod_.get());
    ASSERT_EQ(socket.Transact(request), absl::OkStatus());
  }
  void ExpectMissing(const std::string& what) {
    const absl::Status status = CheckPod();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(what));
  }
  void ExpectWrong(const std::string& what) {
    const absl::Status status = CheckPod();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(what));
  }

  NodeLab lab_;
  Socket& host_ = lab_.host();
  base::Fd pod_ = MakeNetns();
  PodNetwork made_ = lab_.Plan("c0ffee", "web-0", 50);
};

TEST_F(PodCheckTest, NeedsNoIndexes) {
  made_.pod_ifindex = made_.host_ifindex = 0;
  EXPECT_EQ(CheckPod(), absl::OkStatus());
}

TEST_F(PodCheckTest, ToleratesWhatLaterPluginsDo) {
  InPod(AddAddress({.ifindex = made_.pod_ifindex,
                    .address = base::Ipv4(0xc0a80101),
                    .prefix_length = 24}));
  InPod(AddRoute({.destination = *base::Ipv4Prefix::Parse("192.168.7.0/24"),
                  .ifindex = made_.pod_ifindex,
                  .scope = RT_SCOPE_LINK}));
  InPod(ChangeLink(
      {.ifindex = made_.pod_ifindex, .mtu_bytes = 1300, .mac = kOtherMac}));
  EXPECT_EQ(CheckPod(), absl::OkStatus());
}

TEST_F(PodCheckTest, MissesTheLink) {
  OnNode(DeleteLink(made_.host_ifindex));
  ExpectMissing(made_.host_ifname);
}

TEST_F(PodCheckTest, MissesTheInterfaceThatWasRenamedInThePod) {
  InPod(ChangeLink({.ifindex = made_.pod_ifindex, .name = "eth9"}));
  ExpectMissing("interface eth0");
}

TEST_F(PodCheckTest, SeesThatTheHostEndIsAnothers) {
  OnNode(ChangeLink(
      {.ifindex = made_.host_ifindex, .alias = "cnivpc:decaf/eth0"}));
  ExpectWrong("cnivpc:decaf/eth0");
}

TEST_F(PodCheckTest, SeesThatAnEndIsDown) {
  OnNode(ChangeLink(
      {.ifindex = made_.host_ifindex, .state = LinkChange::State::kDown}));
  ExpectWrong(made_.host_ifname + " is down");
}

TEST_F(PodCheckTest, SeesThatTheEndsAreNotOfOnePair) {
  Socket pod = *SocketIn(pod_.get());
  InPod(DeleteLink(made_.pod_ifindex));
  InPod(CreateVeth(
      {.inner = {70001, "eth0", {}, 0}, .outer = {70002, "x", {}, 0}}));
  ExpectMissing(made_.host_ifname);  // it went with its peer
}

TEST_F(PodCheckTest, MissesTheNodesRoute) {
  OnNode(RemoveRoute(
      {.destination = base::Ipv4Prefix::Containing(made_.address, 32)}));
  ExpectMissing("no route to 10.0.0.50");
}

TEST_F(PodCheckTest, SeesThatTheNodesRouteLeadsElsewhere) {
  OnNode(ReplaceRoute(
      {.destination = base::Ipv4Prefix::Containing(made_.address, 32),
       .ifindex = lab_.node().ifindex,
       .scope = RT_SCOPE_LINK}));
  ExpectWrong("the node routes 10.0.0.50 to interface number");
}

TEST_F(PodCheckTest, MissesTheRule) {
  OnNode(RemoveRule(PodRule(made_.address)));
  ExpectMissing("no rule 512 to 10.0.0.50");
}

TEST_F(PodCheckTest, MissesTheProxy) {
  OnNode(RemoveProxy(lab_.node().ifindex, made_.address));
  ExpectMissing("proxy neighbour for 10.0.0.50");
}

TEST_F(PodCheckTest, MissesTheAddress) {
  InPod(
      RemoveAddress({.ifindex = made_.pod_ifindex, .address = made_.address}));
  ExpectMissing("no address 10.0.0.50/32");
}

TEST_F(PodCheckTest, MissesTheDefaultRoute) {
  InPod(RemoveRoute({.ifindex = made_.pod_ifindex}));
  ExpectMissing("no default route via 10.0.0.1");
}

TEST_F(PodCheckTest, MissesTheNeighbor) {
  InPod(RemoveNeighbor(made_.pod_ifindex, made_.node_address));
  ExpectMissing("neighbour entry for 10.0.0.1");
}

TEST_F(PodCheckTest, SeesThatTheNeighborHasAnotherMac) {
  InPod(SetPermanentNeighbor(made_.pod_ifindex, made_.node_address, kOtherMac));
  ExpectWrong("neighbour entry for 10.0.0.1");
}

}  // namespace
}  // namespace netlink
