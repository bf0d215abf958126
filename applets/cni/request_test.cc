#include "applets/cni/request.h"

#include "applets/cni/error.h"
#include "gtest/gtest.h"
#include "netlink/attachment.h"

namespace applets::cni {
namespace {

Request PodsEth0() {
  Request request;
  request.environment.verb = Verb::kAdd;
  request.environment.container_id = "c1";
  request.environment.netns = "/run/netns/a";
  request.environment.ifname = "eth0";
  request.environment.args = {"shop", "web-0", "uid", "c1"};
  request.config.name = "net";
  request.started_at = absl::Seconds(5);
  return request;
}

TEST(RequestTest, APodsEth0HasTheNameUsersKnow) {
  EXPECT_EQ(HostIfnameOf(PodsEth0()), netlink::HostIfname("shop", "web-0"));
}

TEST(RequestTest, FurtherInterfacesOfAPodHaveOtherNames) {
  Request request = PodsEth0();
  request.environment.ifname = "net1";
  EXPECT_EQ(HostIfnameOf(request), netlink::HostIfnameWithoutPod("c1", "net1"));
}

TEST(RequestTest, ContainersWithoutAPodHaveNamesOfTheirOwn) {
  Request request = PodsEth0();
  request.environment.args = {"", "db", "", ""};  // podman
  EXPECT_EQ(HostIfnameOf(request), netlink::HostIfnameWithoutPod("c1", "eth0"));
}

TEST(RequestTest, AcquireTellsWhoAndWhenAndWhere) {
  const rpc::AcquireRequest acquire = AcquireRequestOf(PodsEth0());
  EXPECT_EQ(acquire.attachment, (base::Attachment{"net", "c1", "eth0"}));
  EXPECT_EQ(acquire.pod, (base::Pod{"shop", "web-0", "uid"}));
  EXPECT_EQ(acquire.netns, "/run/netns/a");
  EXPECT_EQ(acquire.host_ifname, netlink::HostIfname("shop", "web-0"));
  EXPECT_EQ(acquire.started_at, absl::Seconds(5));
}

TEST(RequestTest, ReleaseNamesTheHostEndOnlyIfItKnowsThePod) {
  Request request = PodsEth0();
  EXPECT_EQ(ReleaseRequestOf(request).host_ifname,
            netlink::HostIfname("shop", "web-0"));
  request.environment.args = Args();
  EXPECT_EQ(ReleaseRequestOf(request).host_ifname, "");
}

TEST(RequestTest, TheNetworkFollowsTheLeaseAndTheConfiguration) {
  rpc::AcquireReply lease;
  lease.address = *base::Ipv4::Parse("10.0.0.5");
  lease.node = {"eth0", 2, 1400, *base::Ipv4::Parse("10.0.0.2")};
  const netlink::PodNetwork network = NetworkOf(PodsEth0(), lease);
  EXPECT_EQ(network.pod_ifname, "eth0");
  EXPECT_EQ(network.alias, "cnivpc:net:c1/eth0");
  EXPECT_EQ(network.address, lease.address);
  EXPECT_EQ(network.node_address, lease.node.address);
  EXPECT_EQ(network.node_ifindex, 2u);
  EXPECT_EQ(network.mtu_bytes, 1400u);
}

TEST(RequestTest, AMissingNetnsIsAnErrorOfItsVariable) {
  Request request = PodsEth0();
  request.environment.netns = "/run/netns/nowhere";
  const Error error = ToError(OpenNetnsOf(request).status(), Verb::kAdd);
  EXPECT_EQ(error.code, Code::kBadEnvironment);
  EXPECT_EQ(error.msg.substr(0, 11), "CNI_NETNS: ");
}

}  // namespace
}  // namespace applets::cni
