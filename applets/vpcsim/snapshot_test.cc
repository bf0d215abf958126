#include "applets/vpcsim/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <variant>

#include "applets/vpcsim/world_lab.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const base::Mac kA({0x52, 0x54, 0, 0, 0, 1});
const base::Mac kB({0x52, 0x54, 0, 0, 0, 2});

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() {
    AddOneSubnet(world_);
    EXPECT_TRUE(world_.AddHost({.id = "uhost-1", .zone = "cn-bj2-04"}).ok());
    EXPECT_TRUE(world_
                    .AddInterface({.id = "uni-1",
                                   .mac = kA,
                                   .subnet = "subnet-1",
                                   .host = "uhost-1",
                                   .is_default = true})
                    .ok());
    EXPECT_TRUE(
        world_.AddInterface({.id = "uni-2", .mac = kB, .subnet = "subnet-1"})
            .ok());
    EXPECT_TRUE(world_.AddSecondary(kA, base::Ipv4(0x0a000064)).ok());
  }
  std::vector<base::Ipv4> Of(const base::Mac& mac) {
    return world_.SecondaryOf(*world_.InterfaceByMac(mac));
  }

  World world_;
  std::mt19937_64 random_{1};
};

TEST_F(SnapshotTest, BringsAddressesBack) {
  const Snapshot start = Take(world_);
  ASSERT_FALSE(world_.Release(kA, base::Ipv4(0x0a000064)));
  ASSERT_TRUE(std::holds_alternative<base::Ipv4>(world_.Allocate(kA)));
  ASSERT_TRUE(std::holds_alternative<base::Ipv4>(world_.Allocate(kB)));
  ASSERT_TRUE(Restore(world_, start).ok());
  EXPECT_THAT(Of(kA), ElementsAre(base::Ipv4(0x0a000064)));
  EXPECT_THAT(Of(kB), IsEmpty());
}

TEST_F(SnapshotTest, NextAddressIsTheSameAgain) {
  const Snapshot start = Take(world_);
  const auto first = std::get<base::Ipv4>(world_.Allocate(kA));
  ASSERT_TRUE(Restore(world_, start).ok());
  EXPECT_EQ(std::get<base::Ipv4>(world_.Allocate(kA)), first);
}

TEST_F(SnapshotTest, BringsInterfacesBack) {
  const Snapshot start = Take(world_);
  const Interface before = *world_.InterfaceByMac(kB);
  ASSERT_FALSE(world_.DeleteInterface("uni-2"));
  const auto made = world_.CreateInterface({.subnet = "subnet-1"}, random_);
  const std::string id = std::get<const Interface*>(made)->id;
  ASSERT_FALSE(world_.Attach(id, "uhost-1"));
  ASSERT_TRUE(Restore(world_, start).ok());
  EXPECT_EQ(world_.InterfaceById(id), nullptr);
  ASSERT_NE(world_.InterfaceById("uni-2"), nullptr);
  EXPECT_EQ(*world_.InterfaceById("uni-2"), before);
  EXPECT_EQ(world_.interface_count(), 2u);
}

TEST_F(SnapshotTest, DetachesWhatWasAttached) {
  const Snapshot start = Take(world_);
  ASSERT_FALSE(world_.Attach("uni-2", "uhost-1"));
  ASSERT_TRUE(Restore(world_, start).ok());
  EXPECT_EQ(world_.InterfaceById("uni-2")->host, "");
}

}  // namespace
}  // namespace applets::vpcsim
