#include "applets/vpcsim/plug.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <variant>

#include "applets/vpcsim/world_lab.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kLink[] = "nic520000000001";
constexpr char kOther[] = "nic520000000002";

Plug PlugOf(std::string port, std::string host, std::string netns = "/ns") {
  return {.port = std::move(port),
          .host = std::move(host),
          .netns = std::move(netns)};
}

class PlugTest : public ::testing::Test {
 protected:
  PlugTest() {
    AddOneSubnet(world_);
    EXPECT_TRUE(world_.AddHost({.id = "uhost-1", .zone = "cn-bj2-04"}).ok());
    EXPECT_TRUE(world_
                    .AddInterface({.id = "uni-1",
                                   .mac = base::Mac({2, 0, 0, 0, 0, 1}),
                                   .subnet = "subnet-1",
                                   .host = "uhost-1",
                                   .is_default = true,
                                   .port = "node-a"})
                    .ok());
  }
  const Interface& Attach() {
    const auto made = world_.CreateInterface({.subnet = "subnet-1"}, random_);
    const Interface& interface = *std::get<const Interface*>(made);
    EXPECT_FALSE(world_.Attach(interface.id, "uhost-1"));
    return interface;
  }

  World world_;
  std::mt19937_64 random_{1};
};

TEST_F(PlugTest, OnlyWhatIsAttachedWhileItRunsIsPlugged) {
  EXPECT_THAT(PlugsOf(world_), IsEmpty());
  ASSERT_TRUE(world_.Boot("uhost-1", "/run/netns/a").ok());
  const Interface& second = Attach();
  EXPECT_THAT(PlugsOf(world_), ElementsAre(Plug{.port = PluggedPort(second.mac),
                                                .mac = second.mac,
                                                .host = "uhost-1",
                                                .netns = "/run/netns/a",
                                                .beside = "node-a"}));
  ASSERT_FALSE(world_.Detach(second.id, "uhost-1"));
  EXPECT_THAT(PlugsOf(world_), IsEmpty());
}

TEST_F(PlugTest, APortIsAsLongAsAnInterfaceNameMayBe) {
  EXPECT_EQ(PluggedPort(base::Mac({0x52, 0x54, 0, 0x0a, 0xbc, 1})),
            "nic5254000abc01");
}

TEST(PlugPlanTest, LaysWhatIsNotThere) {
  const Plug there = PlugOf(kLink, "a");
  const Plug missing = PlugOf(kOther, "b");
  EXPECT_EQ(PlanPlugs({there, missing}, {"lo", kLink}, {}),
            (PlugPlan{.lay = {missing}}));
}

TEST(PlugPlanTest, RemovesWhatIsLeftOverAndNothingElse) {
  EXPECT_EQ(
      PlanPlugs({}, {"lo", "node-a", "nic0", "nicest-bridge-x", kLink}, {}),
      (PlugPlan{.remove = {kLink}}));
}

TEST(PlugPlanTest, LaysAnewWhatItIsToldTo) {
  const Plug old = PlugOf(kLink, "a");
  const Plug other = PlugOf(kOther, "b");
  EXPECT_EQ(PlanPlugs({old, other}, {kLink, kOther}, {kLink}),
            (PlugPlan{.remove = {kLink}, .lay = {old}}));
}

TEST(PlugPlanTest, LeavesAHostWithoutNamespaceAlone) {
  const Plug plug = PlugOf(kLink, "a", "");
  EXPECT_EQ(PlanPlugs({plug}, {kLink}, {}), PlugPlan());
  EXPECT_EQ(PlanPlugs({plug}, {}, {}), PlugPlan());
  EXPECT_EQ(PlanPlugs({plug}, {kLink}, {kLink}), (PlugPlan{.remove = {kLink}}))
      << "it has been shut down";
}

TEST(FreeIfnameTest, IsTheFirstThatIsNotTaken) {
  EXPECT_EQ(FreeIfname({"lo", "eth0"}), "eth1");
  EXPECT_EQ(FreeIfname({"eth1", "eth3", "eth2"}), "eth4");
  EXPECT_EQ(FreeIfname({"eth0", "eth2"}), "eth1");
}

}  // namespace
}  // namespace applets::vpcsim
