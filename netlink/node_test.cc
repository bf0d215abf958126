#include "netlink/node.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/link.h"
#include "netlink/node_lab.h"
#include "netlink/route.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;

class NodeTest : public ::testing::Test {
 protected:
  void ExpectMain(const absl::StatusOr<Node>& node) {
    ASSERT_TRUE(node.ok()) << node.status();
    EXPECT_EQ(node->name, "eth0");
    EXPECT_EQ(node->address, NodeLab::kNodeAddress);
    EXPECT_EQ(node->prefix_length, 24);
    EXPECT_EQ(node->mtu_bytes, 1500u);
    EXPECT_EQ(node->mac, base::Mac({2, 0, 0, 0, 1, 1}));
  }

  NodeLab lab_;
};

TEST_F(NodeTest, IsFoundByName) { ExpectMain(FindNode(lab_.host(), "eth0")); }

TEST_F(NodeTest, IsFoundByTheDefaultRoute) {
  ExpectMain(FindNode(lab_.host()));
}

TEST_F(NodeTest, IsFoundByItsAddressWhenThereIsNoDefaultRoute) {
  ASSERT_EQ(lab_.host().Transact(RemoveRoute({})), absl::OkStatus());
  ExpectMain(FindNode(lab_.host()));
}

TEST_F(NodeTest, IsFoundByItsMac) {
  ExpectMain(FindNode(lab_.host(), base::Mac({2, 0, 0, 0, 1, 1})));
  const auto stranger =
      FindNode(lab_.host(), base::Mac({2, 0, 0, 0, 9, 9})).status();
  EXPECT_TRUE(absl::IsNotFound(stranger));
  EXPECT_THAT(stranger.message(), HasSubstr("02:00:00:00:09:09"));
}

TEST_F(NodeTest, SaysWhatIsMissing) {
  EXPECT_THAT(FindNode(lab_.host(), "eth7").status().message(),
              HasSubstr("interface eth7"));
  EXPECT_THAT(FindNode(lab_.host(), "lo").status().message(),
              HasSubstr("no IPv4 address"));
  const FreshNetns empty;
  Socket socket = *Socket::Open();
  EXPECT_TRUE(absl::IsNotFound(FindNode(socket).status()));
}

TEST_F(NodeTest, PreparingItSetsTheKernelsSwitches) {
  const Sysctl sysctl;
  EXPECT_EQ(*sysctl.Get("net/ipv4/ip_forward"), "1");
  EXPECT_EQ(*sysctl.Get("net/ipv4/neigh/eth0/proxy_delay"), "0");
  EXPECT_THAT(PrepareNode(sysctl, "eth7").message(),
              HasSubstr("`sysctl -w net/ipv4/neigh/eth7/proxy_delay=0`"));
}

}  // namespace
}  // namespace netlink
