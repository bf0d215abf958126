#include "applets/vpcsim/world_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "applets/vpcsim/world_lab.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;

const base::Mac kMac({0x52, 0x54, 0, 0, 0, 1});
const base::Mac kOther({0x52, 0x54, 0, 0, 0, 2});
constexpr base::Ipv4 kPrimary(0x0a00000b);
constexpr base::Ipv4 kSecondary(0x0a000064);

class WorldDirectoryTest : public ::testing::Test {
 protected:
  WorldDirectoryTest() {
    AddOneSubnet(world_);
    EXPECT_TRUE(world_.AddHost({.id = "uhost-1", .zone = "cn-bj2-04"}).ok());
    EXPECT_TRUE(world_
                    .AddInterface({.id = "uni-1",
                                   .mac = kMac,
                                   .subnet = "subnet-1",
                                   .host = "uhost-1",
                                   .is_default = true,
                                   .primary = kPrimary,
                                   .port = "node-a"})
                    .ok());
    EXPECT_TRUE(
        world_
            .AddInterface({.id = "uni-2", .mac = kOther, .subnet = "subnet-1"})
            .ok());
    EXPECT_TRUE(world_.AddSecondary(kMac, kSecondary).ok());
  }

  const base::Ipv4Prefix kPrefix =
      base::Ipv4Prefix::Parse("10.0.0.0/24").value();
  const Nic kNic = {kMac, "uvnet-1", "node-a"};
  World world_;
  WorldDirectory directory_{world_};
};

TEST_F(WorldDirectoryTest, KnowsWhoIsAtAPort) {
  EXPECT_EQ(directory_.AtPort("node-a"), kNic);
  EXPECT_EQ(directory_.AtPort("node-b"), std::nullopt);
  EXPECT_EQ(directory_.AtPort(""), std::nullopt);
  EXPECT_THAT(directory_.Ports(), ElementsAre("node-a"));
}

TEST_F(WorldDirectoryTest, KnowsWhoHasAnAddress) {
  EXPECT_EQ(directory_.OwnerOf("uvnet-1", kPrimary), kNic);
  EXPECT_EQ(directory_.OwnerOf("", kSecondary), kNic);
  EXPECT_EQ(directory_.OwnerOf("uvnet-2", kSecondary), std::nullopt);
  EXPECT_EQ(directory_.OwnerOf("", base::Ipv4(0x0a0000c8)), std::nullopt);
}

TEST_F(WorldDirectoryTest, AMoveIsSeenAtOnce) {
  ASSERT_FALSE(world_.Move(kSecondary, kMac, kOther));
  EXPECT_EQ(directory_.OwnerOf("", kSecondary), (Nic{kOther, "uvnet-1", ""}));
}

TEST_F(WorldDirectoryTest, KnowsSubnets) {
  const Net net{kPrefix, base::Ipv4(0x0a000001)};
  EXPECT_EQ(directory_.NetOf("", kSecondary), net);
  EXPECT_EQ(directory_.NetOf("", base::Ipv4(0x0b000001)), std::nullopt);
  EXPECT_THAT(directory_.Nets(), ElementsAre(net));
}

}  // namespace
}  // namespace applets::vpcsim
