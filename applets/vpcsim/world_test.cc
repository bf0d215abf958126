#include "applets/vpcsim/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::Ipv4 Ip(absl::string_view text) {
  return base::Ipv4::Parse(text).value();
}
base::Mac MacOf(uint8_t host, uint8_t nic) {
  return base::Mac({0x52, 0x54, 0, 0, host, nic});
}

int Code(const std::optional<Refusal>& refusal) {
  return refusal ? refusal->ret_code : 0;
}
template <typename T>
int Code(const Result<T>& result) {
  const auto* refusal = std::get_if<Refusal>(&result);
  return refusal == nullptr ? 0 : refusal->ret_code;
}

constexpr char kSubnet[] = "subnet-1";
const base::Mac kMac1 = MacOf(1, 0);
const base::Mac kMac2 = MacOf(2, 0);
const base::Mac kOther = MacOf(3, 0);

// subnet-1 10.0.0.0/28: uhost-1 .2, uhost-2 .3, ten more to give.
// subnet-2 10.0.1.0/24: uhost-3 .2. uvnet-2 has 10.0.0.0/28 again: upm-4 .2.
class WorldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Build(*world_);
    world_->Observe([this](const Change& c) { Note(c); });
  }

  static void Build(World& world) {
    AddNet(world, "uvnet-1", kSubnet, "10.0.0.0/28");
    AddNet(world, "uvnet-1", "subnet-2", "10.0.1.0/24");
    AddNet(world, "uvnet-2", "subnet-3", "10.0.0.0/28");
    AddNode(world, "uhost-1", kSubnet, kMac1);
    AddNode(world, "uhost-2", kSubnet, kMac2);
    AddNode(world, "uhost-3", "subnet-2", kOther);
    AddNode(world, "upm-4", "subnet-3", MacOf(4, 0));
  }

  static void AddNet(World& world, std::string vpc, std::string subnet,
                     absl::string_view prefix) {
    if (world.VpcById(vpc) == nullptr) {
      ASSERT_TRUE(world.AddVpc({.id = vpc}).ok());
    }
    ASSERT_TRUE(
        world
            .AddSubnet({.id = subnet,
                        .vpc = vpc,
                        .zone = "cn-bj2-04",
                        .prefix = base::Ipv4Prefix::Parse(prefix).value()})
            .ok());
  }
  static void AddNode(World& world, std::string id, std::string subnet,
                      base::Mac mac) {
    ASSERT_TRUE(world
                    .AddHost({.id = id,
                              .zone = "cn-bj2-04",
                              .bare_metal = id.starts_with("upm-")})
                    .ok());
    const absl::Status added = world.AddInterface({.id = "uni-" + id,
                                                   .mac = mac,
                                                   .subnet = subnet,
                                                   .host = id,
                                                   .is_default = true,
                                                   .port = "port-" + id});
    ASSERT_TRUE(added.ok()) << added;
  }

  void Note(const Change& change) {
    const auto* secondary = std::get_if<SecondaryChange>(&change);
    if (secondary == nullptr) return;
    noted_.push_back(secondary->address.ToString() + " " +
                     (secondary->before ? secondary->before->id : "-") + " " +
                     (secondary->after ? secondary->after->id : "-"));
  }

  const Subnet& subnet() { return *world_->SubnetById(kSubnet); }
  std::string Create(std::string subnet = kSubnet) {
    const auto made = world_->CreateInterface({.subnet = subnet}, random_);
    return std::get<const Interface*>(made)->id;
  }

  std::unique_ptr<World> world_ = std::make_unique<World>(Settings{
      .quotas = {.secondary_per_interface = 12, .interfaces_per_host = 2}});
  std::mt19937_64 random_{1};
  std::vector<std::string> noted_;
};

TEST_F(WorldTest, NeverGivesNetworkGatewayBroadcastOrPrimary) {
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.0"))), kAddressReserved);
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.1"))), kAddressReserved);
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.15"))), kAddressReserved);
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.3"))), kAddressTaken);
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.1.9"))), kAddressReserved);
  std::vector<std::string> given;
  for (int i = 0; i < 11; ++i) {
    given.push_back(std::get<base::Ipv4>(world_->Allocate(kMac1)).ToString());
  }
  EXPECT_THAT(given,
              ElementsAre("10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7",
                          "10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11",
                          "10.0.0.12", "10.0.0.13", "10.0.0.14"));
  EXPECT_EQ(world_->Available(subnet()), 0U);
}

TEST_F(WorldTest, SubnetWithoutFreeAddressIs57000) {
  EXPECT_EQ(world_->Available(subnet()), 11U);
  for (int i = 0; i < 11; ++i) {
    EXPECT_EQ(Code(world_->Allocate(i % 2 == 0 ? kMac1 : kMac2)), 0);
  }
  EXPECT_EQ(Code(world_->Allocate(kMac1)), 57000);
  EXPECT_EQ(Code(world_->CreateInterface({.subnet = kSubnet}, random_)), 57000);
  EXPECT_EQ(Code(world_->Release(kMac1, Ip("10.0.0.6"))), 0);
  EXPECT_EQ(world_->Available(subnet()), 1U);
  EXPECT_EQ(std::get<base::Ipv4>(world_->Allocate(kMac2)), Ip("10.0.0.6"));
}

TEST_F(WorldTest, GivenBackAddressRestsUntilTheSearchHasGoneRound) {
  EXPECT_EQ(std::get<base::Ipv4>(world_->Allocate(kMac1)), Ip("10.0.0.4"));
  EXPECT_EQ(Code(world_->Release(kMac1, Ip("10.0.0.4"))), 0);
  for (int i = 5; i <= 14; ++i) {
    EXPECT_EQ(std::get<base::Ipv4>(world_->Allocate(kMac1)).bits() & 0xff,
              static_cast<uint32_t>(i));
  }
  EXPECT_EQ(std::get<base::Ipv4>(world_->Allocate(kMac1)), Ip("10.0.0.4"));
}

TEST_F(WorldTest, WantedAddressIsGivenOnce) {
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), kAddressTaken);
  EXPECT_EQ(Code(world_->Allocate(kMac2, Ip("10.0.0.9"))), kAddressTaken);
  EXPECT_EQ(Code(world_->Allocate(MacOf(9, 9))), kUnknownMac);
}

TEST_F(WorldTest, InterfaceHasAQuotaOfSecondaryAddresses) {
  for (int i = 0; i < 12; ++i) ASSERT_EQ(Code(world_->Allocate(kOther)), 0);
  EXPECT_EQ(Code(world_->Allocate(kOther)), kAddressQuota);
  EXPECT_EQ(world_->SecondaryCount(*world_->InterfaceByMac(kOther)), 12U);
}

TEST_F(WorldTest, ReleaseNeedsTheMacThatHasTheAddress) {
  ASSERT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(Code(world_->Release(kMac2, Ip("10.0.0.9"))), 58221);
  EXPECT_EQ(Code(world_->Release(kOther, Ip("10.0.0.9"))), 58221);
  EXPECT_EQ(Code(world_->Release(MacOf(9, 9), Ip("10.0.0.9"))), 58221);
  EXPECT_EQ(Code(world_->Release(kMac1, Ip("10.0.0.10"))), 58221);
  EXPECT_EQ(Code(world_->Release(kMac1, Ip("10.0.0.2"))), 58221)
      << "a primary address";
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.9"))->mac, kMac1);
  EXPECT_EQ(Code(world_->Release(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.9")), nullptr);
}

TEST_F(WorldTest, MoveNeedsTheOldMacAndOneSubnet) {
  ASSERT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(Code(world_->Move(Ip("10.0.0.9"), kMac2, kMac1)), 58221);
  EXPECT_EQ(Code(world_->Move(Ip("10.0.0.9"), kMac1, kOther)), kUnknownMac);
  EXPECT_EQ(Code(world_->Move(Ip("10.0.0.9"), MacOf(9, 9), kMac2)),
            kUnknownMac);
  EXPECT_EQ(Code(world_->Move(Ip("10.0.0.2"), kMac1, kMac2)), 58221)
      << "a primary address";
  EXPECT_EQ(Code(world_->Move(Ip("10.0.0.9"), kMac1, kMac2)), 0);
  EXPECT_THAT(world_->SecondaryOf(*world_->InterfaceByMac(kMac1)), IsEmpty());
  EXPECT_THAT(world_->SecondaryOf(*world_->InterfaceByMac(kMac2)),
              ElementsAre(Ip("10.0.0.9")));
  EXPECT_THAT(noted_, ElementsAre("10.0.0.9 - uni-uhost-1",
                                  "10.0.0.9 uni-uhost-1 uni-uhost-2"));
}

TEST_F(WorldTest, MoveHoldsToTheQuotaOfTheNewMac) {
  AddNode(*world_, "uhost-9", "subnet-2", MacOf(9, 0));
  ASSERT_EQ(Code(world_->Allocate(MacOf(9, 0), Ip("10.0.1.99"))), 0);
  for (int i = 0; i < 12; ++i) ASSERT_EQ(Code(world_->Allocate(kOther)), 0);
  EXPECT_EQ(Code(world_->Move(Ip("10.0.1.99"), MacOf(9, 0), kOther)),
            kAddressQuota);
}

TEST_F(WorldTest, CreatedInterfaceIsAttachedOnceAndToItsVpcOnly) {
  const std::string id = Create();
  const Interface* created = world_->InterfaceById(id);
  EXPECT_EQ(created->host, "");
  EXPECT_FALSE(created->is_default);
  EXPECT_EQ(created->primary, Ip("10.0.0.4"));
  EXPECT_EQ(Code(world_->Attach("uni-none", "uhost-1")), kUnknownInterface);
  EXPECT_EQ(Code(world_->Attach(id, "uhost-none")), kUnknownInstance);
  EXPECT_EQ(Code(world_->Attach(id, "upm-4")), kOtherPlace);
  EXPECT_EQ(Code(world_->Attach(id, "uhost-3")), 0) << "a subnet of its VPC";
  EXPECT_EQ(Code(world_->Attach(id, "uhost-3")), 58205);
  EXPECT_EQ(Code(world_->Attach(id, "uhost-1")), 58205);
  EXPECT_EQ(Code(world_->Attach("uni-uhost-1", "uhost-2")), 58205);
  EXPECT_EQ(world_->InterfacesOf(*world_->HostById("uhost-3")).size(), 2U);
}

TEST_F(WorldTest, HostHasAQuotaOfInterfaces) {
  ASSERT_EQ(Code(world_->Attach(Create(), "uhost-1")), 0);
  EXPECT_EQ(Code(world_->Attach(Create(), "uhost-1")), kInterfaceQuota);
}

TEST_F(WorldTest, DefaultInterfaceIsNeitherDetachedNorDeleted) {
  EXPECT_EQ(Code(world_->Detach("uni-uhost-1", "uhost-1")), kDefaultInterface);
  EXPECT_EQ(Code(world_->DeleteInterface("uni-uhost-1")), kDefaultInterface);
}

TEST_F(WorldTest, InterfaceIsDeletedOnlyWhenDetachedAndFreesItsAddresses) {
  const std::string id = Create();
  const base::Mac mac = world_->InterfaceById(id)->mac;
  EXPECT_EQ(Code(world_->Detach(id, "uhost-1")), kNotAttached);
  ASSERT_EQ(Code(world_->Attach(id, "uhost-1")), 0);
  ASSERT_EQ(Code(world_->Allocate(mac, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(Code(world_->DeleteInterface(id)), kStillAttached);
  EXPECT_EQ(Code(world_->Detach(id, "uhost-2")), kNotAttached);
  EXPECT_EQ(Code(world_->Detach(id, "uhost-1")), 0);
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.9"))->id, id);
  EXPECT_EQ(Code(world_->DeleteInterface(id)), 0);
  EXPECT_EQ(Code(world_->DeleteInterface(id)), kUnknownInterface);
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.9")), nullptr);
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.4")), nullptr);
  EXPECT_EQ(world_->InterfaceByMac(mac), nullptr);
  EXPECT_EQ(world_->Available(subnet()), 11U);
  EXPECT_EQ(world_->secondary_count(), 0U);
}

TEST_F(WorldTest, ObjectIsTheDefaultInterfaceOrTheHost) {
  const std::string id = Create();
  const Interface& second = *world_->InterfaceById(id);
  EXPECT_FALSE(world_->IsObjectOf("uhost-1", second));
  EXPECT_FALSE(world_->IsObjectOf("", second));
  ASSERT_EQ(Code(world_->Attach(id, "uhost-1")), 0);
  EXPECT_TRUE(world_->IsObjectOf("uhost-1", second));
  EXPECT_TRUE(world_->IsObjectOf("uni-uhost-1", second));
  EXPECT_FALSE(world_->IsObjectOf(id, second));
  EXPECT_FALSE(world_->IsObjectOf("uhost-2", second));
}

TEST_F(WorldTest, VpcsMayHaveTheSameAddresses) {
  EXPECT_EQ(world_->OwnerOf("uvnet-1", Ip("10.0.0.2"))->host, "uhost-1");
  EXPECT_EQ(world_->OwnerOf("uvnet-2", Ip("10.0.0.2"))->host, "upm-4");
  EXPECT_EQ(world_->OwnerOf("uvnet-9", Ip("10.0.0.2")), nullptr);
  EXPECT_EQ(world_->OwnerOf("", Ip("10.0.0.2"))->host, "uhost-1");
  EXPECT_EQ(world_->HostByAddress("uvnet-2", Ip("10.0.0.2"))->id, "upm-4");
  EXPECT_EQ(world_->SubnetOf("uvnet-2", Ip("10.0.0.2"))->id, "subnet-3");
  EXPECT_EQ(world_->SubnetOf("", Ip("10.0.1.200"))->id, "subnet-2");
  EXPECT_EQ(world_->SubnetOf("", Ip("10.0.2.0")), nullptr);
}

TEST_F(WorldTest, HostIsKnownByItsPrimaryAddressesOnly) {
  ASSERT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_EQ(world_->HostByAddress("", Ip("10.0.0.9")), nullptr);
  const std::string id = Create();
  const base::Ipv4 primary = world_->InterfaceById(id)->primary;
  EXPECT_EQ(world_->HostByAddress("", primary), nullptr);
  ASSERT_EQ(Code(world_->Attach(id, "uhost-2")), 0);
  EXPECT_EQ(world_->HostByAddress("", primary)->id, "uhost-2");
}

TEST_F(WorldTest, AddressesVanishAndAreForcedOnAnybody) {
  ASSERT_EQ(Code(world_->Allocate(kMac1, Ip("10.0.0.9"))), 0);
  EXPECT_TRUE(world_->Force(Ip("10.0.0.9"), kMac2));
  EXPECT_EQ(world_->OwnerOf("", Ip("10.0.0.9"))->mac, kMac2);
  EXPECT_TRUE(world_->Vanish("", Ip("10.0.0.9")));
  EXPECT_EQ(world_->OwnerOf("", Ip("10.0.0.9")), nullptr);
  EXPECT_FALSE(world_->Vanish("", Ip("10.0.0.9")));
  EXPECT_FALSE(world_->Vanish("", Ip("10.0.0.2"))) << "a primary address";
  EXPECT_FALSE(world_->Force(Ip("10.0.0.2"), kMac2)) << "a primary address";
  EXPECT_FALSE(world_->Force(Ip("10.0.0.1"), kMac2)) << "the gateway";
  EXPECT_FALSE(world_->Force(Ip("10.0.1.9"), kMac2)) << "another subnet";
  EXPECT_TRUE(world_->Force(Ip("10.0.0.10"), kMac2)) << "a free one";
}

TEST_F(WorldTest, InterfacesAreFoundByTheirPorts) {
  EXPECT_EQ(world_->InterfaceAtPort("port-uhost-1")->mac, kMac1);
  EXPECT_EQ(world_->InterfaceAtPort("port-none"), nullptr);
  EXPECT_FALSE(world_->SetPort("uni-uhost-1", "port-uhost-2").ok());
  EXPECT_TRUE(world_->SetPort("uni-uhost-1", "eth9").ok());
  EXPECT_EQ(world_->InterfaceAtPort("port-uhost-1"), nullptr);
  EXPECT_EQ(world_->InterfaceAtPort("eth9")->mac, kMac1);
}

TEST_F(WorldTest, AttachingGivesAPortThatNobodyElseHas) {
  const Interface& first = *world_->InterfaceById(Create());
  const std::string port = PluggedPort(first.mac);
  ASSERT_EQ(Code(world_->Attach(first.id, "uhost-1")), 0);
  EXPECT_EQ(world_->InterfaceAtPort(port), &first);
  ASSERT_EQ(Code(world_->Detach(first.id, "uhost-1")), 0);
  ASSERT_TRUE(world_->SetPort("uni-uhost-1", port).ok());
  ASSERT_EQ(Code(world_->Attach(first.id, "uhost-2")), 0);
  EXPECT_EQ(first.port, "");
  EXPECT_EQ(world_->InterfaceAtPort(port)->mac, kMac1);
}

TEST_F(WorldTest, BootingIsToldEachTime) {
  std::vector<std::string> booted;
  world_->Observe([&](const Change& change) {
    const auto* boot = std::get_if<HostBooted>(&change);
    if (boot != nullptr) {
      booted.push_back(boot->host->id + " " + boot->host->netns);
    }
  });
  EXPECT_TRUE(world_->Boot("uhost-1", "/run/netns/a").ok());
  EXPECT_TRUE(world_->Boot("uhost-1", "/run/netns/a").ok());
  EXPECT_TRUE(absl::IsNotFound(world_->Boot("uhost-none", "/run/netns/a")));
  EXPECT_THAT(booted,
              ElementsAre("uhost-1 /run/netns/a", "uhost-1 /run/netns/a"));
}

TEST_F(WorldTest, DetachingTakesThePortAway) {
  const std::string id = Create();
  EXPECT_FALSE(world_->SetPort(id, "eth1").ok());
  ASSERT_EQ(Code(world_->Attach(id, "uhost-1")), 0);
  ASSERT_TRUE(world_->SetPort(id, "eth1").ok());
  ASSERT_EQ(Code(world_->Detach(id, "uhost-1")), 0);
  EXPECT_EQ(world_->InterfaceAtPort("eth1"), nullptr);
  EXPECT_EQ(world_->InterfaceById(id)->port, "");
}

TEST_F(WorldTest, RefusesWhatDoesNotFitWhileItIsBuilt) {
  const auto prefix = [](absl::string_view text) {
    return base::Ipv4Prefix::Parse(text).value();
  };
  World& w = *world_;
  EXPECT_FALSE(w.AddVpc({.id = "uvnet-1"}).ok());
  Subnet subnet = {.id = "subnet-9",
                   .vpc = "uvnet-1",
                   .zone = "cn-bj2-04",
                   .prefix = prefix("10.0.0.8/29")};
  EXPECT_THAT(w.AddSubnet(subnet).message(), HasSubstr("overlaps"));
  subnet.prefix = prefix("10.0.9.0/30");
  EXPECT_THAT(w.AddSubnet(subnet).message(), HasSubstr("8 to 29 bits"));
  subnet.prefix = prefix("10.0.9.0/29");
  subnet.zone = "cn-none";
  EXPECT_THAT(w.AddSubnet(subnet).message(), HasSubstr("zone"));
  EXPECT_THAT(w.AddHost({.id = "upm-9", .zone = "cn-bj2-04"}).message(),
              HasSubstr("bare metal"));
  Interface nic = {.id = "uni-9", .mac = kMac1, .subnet = kSubnet};
  EXPECT_THAT(w.AddInterface(nic).message(), HasSubstr("mac"));
  nic.mac = MacOf(9, 1);
  nic.primary = Ip("10.0.0.1");
  EXPECT_THAT(w.AddInterface(nic).message(), HasSubstr("reserved"));
  nic.primary = Ip("10.0.0.9");
  nic.host = "upm-4";
  EXPECT_THAT(w.AddInterface(nic).message(), HasSubstr("another zone or VPC"));
  nic.host = "uhost-1";
  nic.is_default = true;
  EXPECT_THAT(w.AddInterface(nic).message(), HasSubstr("default"));
  nic.is_default = false;
  EXPECT_TRUE(w.AddInterface(nic).ok());
  EXPECT_FALSE(w.AddSecondary(nic.mac, Ip("10.0.0.9")).ok());
  EXPECT_TRUE(w.AddSecondary(nic.mac, Ip("10.0.0.10")).ok());
}

}  // namespace
}  // namespace applets::vpcsim
