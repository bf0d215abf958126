#include "netlink/neigh.h"

#include <cerrno>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/node_lab.h"

namespace netlink {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::Ipv4 kAddress(0x0a000009);
constexpr base::Mac kMac({2, 0, 0, 0, 0, 9});

class NeighTest : public ::testing::Test {
 protected:
  NodeLab lab_;
  Socket& host_ = lab_.host();
  const uint32_t ifindex_ = lab_.node().ifindex;
};

TEST_F(NeighTest, APermanentNeighborIsSetReplacedAndRemoved) {
  EXPECT_EQ(base::ErrnoOf(GetNeighbor(host_, ifindex_, kAddress).status()),
            ENOENT);
  ASSERT_EQ(
      host_.Transact(SetPermanentNeighbor(ifindex_, kAddress, base::Mac({2}))),
      absl::OkStatus());
  ASSERT_EQ(host_.Transact(SetPermanentNeighbor(ifindex_, kAddress, kMac)),
            absl::OkStatus());
  const auto neighbor = GetNeighbor(host_, ifindex_, kAddress);
  ASSERT_TRUE(neighbor.ok()) << neighbor.status();
  EXPECT_EQ(neighbor->mac, kMac);
  EXPECT_TRUE(neighbor->permanent());
  EXPECT_THAT(*ListNeighbors(host_, ifindex_), SizeIs(1));
  ASSERT_EQ(host_.Transact(RemoveNeighbor(ifindex_, kAddress)),
            absl::OkStatus());
}

TEST_F(NeighTest, AProxyIsNoNeighborAndTheOtherWayRound) {
  ASSERT_EQ(host_.Transact(AddProxy(ifindex_, kAddress)), absl::OkStatus());
  ASSERT_EQ(host_.Transact(AddProxy(ifindex_, kAddress)), absl::OkStatus());
  EXPECT_FALSE(GetNeighbor(host_, ifindex_, kAddress).ok());
  const auto proxy = GetProxy(host_, ifindex_, kAddress);
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  EXPECT_TRUE(proxy->proxy);
  EXPECT_EQ(proxy->ifindex, ifindex_);
  EXPECT_THAT(*ListProxies(host_, 0), SizeIs(1));
  EXPECT_THAT(*ListProxies(host_, ifindex_), SizeIs(1));
  EXPECT_THAT(*ListProxies(host_, 1), IsEmpty());
  EXPECT_THAT(*ListNeighbors(host_, ifindex_), IsEmpty());
  ASSERT_EQ(host_.Transact(RemoveProxy(ifindex_, kAddress)), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(host_.Transact(RemoveProxy(ifindex_, kAddress))),
            ENOENT);
  EXPECT_EQ(base::ErrnoOf(GetProxy(host_, ifindex_, kAddress).status()),
            ENOENT);
}

TEST_F(NeighTest, NeitherWorksWithoutALink) {
  EXPECT_EQ(base::ErrnoOf(host_.Transact(AddProxy(4711, kAddress))), ENODEV);
  EXPECT_EQ(
      base::ErrnoOf(host_.Transact(SetPermanentNeighbor(4711, kAddress, kMac))),
      ENODEV);
}

}  // namespace
}  // namespace netlink
