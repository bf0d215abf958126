#include "applets/vpcsim/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Ipv4 Ip(absl::string_view text) {
  return base::Ipv4::Parse(text).value();
}

constexpr absl::string_view kFull = R"({
  "region": "cn-sh2", "zones": ["cn-sh2-01", "cn-sh2-02"], "project": "org-1",
  "quotas": {"secondary_per_interface": 9, "interfaces_per_host": 2},
  "batch_shape": "example",
  "keys": [{"public": "pub", "private": "priv"}],
  "vpcs": [{"id": "uvnet-1", "name": "lab"}, {"id": "uvnet-2"}],
  "subnets": [
    {"id": "subnet-1", "vpc": "uvnet-1", "zone": "cn-sh2-02",
     "prefix": "10.0.0.0/24", "next": "10.0.0.50"},
    {"id": "subnet-2", "vpc": "uvnet-2", "prefix": "10.0.0.0/24"}],
  "hosts": [
    {"id": "uhost-1", "name": "one", "zone": "cn-sh2-02", "role": "",
     "net_feature": "SecGroup", "netns": "/run/netns/one",
     "interfaces": [
       {"id": "uni-1", "mac": "52:54:00:00:00:01", "subnet": "subnet-1",
        "address": "10.0.0.11", "port": "node-1",
        "secondary": ["10.0.0.100", "10.0.0.101"]},
       {"id": "uni-0", "mac": "52:54:00:00:00:02", "subnet": "subnet-1"}]},
    {"id": "upm-2", "old_metadata": true,
     "interfaces": [
       {"id": "uni-3", "mac": "52:54:00:00:00:03", "subnet": "subnet-2"}]}],
  "interfaces": [
    {"id": "uni-4", "mac": "52:54:00:00:00:04", "subnet": "subnet-2",
     "address": "10.0.0.77", "secondary": ["10.0.0.78"],
     "security_groups": [{"id": "sg-1"}, {"id": "sg-2", "priority": 5}]}]})";

TEST(StateFileTest, ReadsAllThereIs) {
  const State state = ReadState(kFull).value();
  const World& world = *state.world;
  EXPECT_EQ(world.settings(), (Settings{.region = "cn-sh2",
                                        .zones = {"cn-sh2-01", "cn-sh2-02"},
                                        .project = "org-1",
                                        .quotas = {.secondary_per_interface = 9,
                                                   .interfaces_per_host = 2},
                                        .batch_shape = BatchShape::kExample}));
  ASSERT_EQ(state.keys.size(), 1U);
  EXPECT_EQ(state.keys[0].private_key, "priv");
  EXPECT_EQ(*world.HostById("uhost-1"), (Host{.id = "uhost-1",
                                              .name = "one",
                                              .zone = "cn-sh2-02",
                                              .net_feature = "SecGroup",
                                              .role = "",
                                              .netns = "/run/netns/one"}));
  EXPECT_TRUE(world.HostById("upm-2")->bare_metal);
  EXPECT_TRUE(world.HostById("upm-2")->old_metadata);
  EXPECT_EQ(world.HostById("upm-2")->role, "Uk8sServiceCharacter");
  const Interface* nic = world.InterfaceAtPort("node-1");
  EXPECT_EQ(nic->id, "uni-1");
  EXPECT_TRUE(nic->is_default);
  EXPECT_THAT(world.SecondaryOf(*nic),
              ElementsAre(Ip("10.0.0.100"), Ip("10.0.0.101")));
  EXPECT_FALSE(world.InterfaceById("uni-0")->is_default);
  EXPECT_EQ(world.InterfaceById("uni-4")->host, "");
  EXPECT_THAT(world.InterfaceById("uni-4")->security_groups,
              ElementsAre(SecurityGroup{"sg-1", 1}, SecurityGroup{"sg-2", 5}));
  EXPECT_EQ(world.Cursor(*world.SubnetById("subnet-1")), Ip("10.0.0.50"));
}

TEST(StateFileTest, LittleIsEnough) {
  const State state = ReadState(R"({
    "vpcs": [{"id": "uvnet-1"}],
    "subnets": [{"id": "subnet-1", "prefix": "10.0.0.0/29"}],
    "hosts": [{"id": "uhost-1",
               "interfaces": [{"id": "uni-1", "mac": "52:54:00:00:00:01"}]}]})")
                          .value();
  const Interface* nic = state.world->InterfaceById("uni-1");
  EXPECT_EQ(nic->primary, Ip("10.0.0.2"));
  EXPECT_EQ(nic->subnet, "subnet-1");
  EXPECT_EQ(state.world->settings(), Settings());
}

TEST(StateFileTest, DumpMakesTheSameWorld) {
  const State state = ReadState(kFull).value();
  const std::string dump = DumpState(*state.world, state.keys);
  const State again = ReadState(dump).value();
  EXPECT_EQ(DumpState(*again.world, again.keys), dump);
  EXPECT_EQ(again.world->secondary_count(), 3U);
  EXPECT_EQ(again.keys.size(), 1U);
  EXPECT_EQ(*again.world->InterfaceById("uni-0"),
            *state.world->InterfaceById("uni-0"));
  EXPECT_TRUE(again.world->InterfaceById("uni-1")->is_default);
}

TEST(StateFileTest, DumpHasNoKeysUnlessTheyAreGiven) {
  const State state = ReadState(kFull).value();
  EXPECT_THAT(DumpState(*state.world, {}), ::testing::Not(HasSubstr("priv")));
}

TEST(StateFileTest, ErrorsNameThePath) {
  struct Case {
    absl::string_view from, to, error;
  };
  for (const Case& c : std::vector<Case>{
           {"\"priority\": 5", "\"priority\": 6",
            "interfaces[0].security_groups[1]: priority: must be from 1 to 5"},
           {"\"mac\": \"52:54:00:00:00:02\"", "\"mac\": \"x\"",
            "hosts[0].interfaces[1].mac: not a MAC address"},
           {"52:54:00:00:00:02", "52:54:00:00:00:01",
            "hosts[0].interfaces[1]: mac: 52:54:00:00:00:01 is taken"},
           {"\"10.0.0.11\"", "\"10.0.0.1\"",
            "hosts[0].interfaces[0]: address: 10.0.0.1 is reserved"},
           {"\"10.0.0.101\"", "\"10.0.0.100\"",
            "hosts[0].interfaces[0].secondary[1]: 10.0.0.100 is in use"},
           {"\"10.0.0.101\"", "\"10.0.1.1\"",
            "hosts[0].interfaces[0].secondary[1]: 10.0.1.1 isn't of the"},
           {"\"10.0.0.50\"", "\"10.0.0.500\"",
            "subnets[0].next: not an IPv4 address"},
           {"\"10.0.0.50\"", "\"10.0.1.5\"", "subnets[0].next: 10.0.1.5"},
           {"\"vpc\": \"uvnet-1\"", "\"vpc\": \"uvnet-9\"",
            "subnets[0]: vpc: there is no uvnet-9"},
           {"\"vpc\": \"uvnet-2\"", "\"vpc\": \"uvnet-1\"",
            "subnets[1]: prefix: overlaps with subnet-1"},
           {"\"cn-sh2-02\", \"role\"", "\"cn-sh2-01\", \"role\"",
            "hosts[0].interfaces[0]: subnet: is of another zone or VPC"},
           {"\"interfaces_per_host\": 2", "\"interfaces_per_host\": 0",
            "quotas: interfaces_per_host: must be from 1"},
           {"\"example\"", "\"other\"", "batch_shape: must be"},
           {"\"private\"", "\"secret\"", "keys[0].private: missing"},
           {"\"id\": \"upm-2\"", "\"name\": \"upm-2\"", "hosts[1].id: missing"},
           {"\"vpcs\"", "\"VPCs\"", "vpcs: missing"},
       }) {
    const auto state = ReadState(absl::StrReplaceAll(kFull, {{c.from, c.to}}));
    ASSERT_FALSE(state.ok()) << c.to;
    EXPECT_THAT(state.status().message(), HasSubstr(c.error));
  }
}

TEST(StateFileTest, MakesHostsThatAreAllAlike) {
  const auto world =
      MakeWorld({.settings = {.project = "org-1"},
                 .subnet = base::Ipv4Prefix::Parse("10.126.0.0/16").value(),
                 .hosts = 300,
                 .first_address = Ip("10.126.0.11"),
                 .first_mac = base::Mac({0x52, 0x54, 0, 1, 0, 0}),
                 .port_prefix = "node-"})
          .value();
  EXPECT_EQ(world->host_count(), 300U);
  const Interface* nic = world->InterfaceAtPort("node-300");
  EXPECT_EQ(nic->host, "uhost-300");
  EXPECT_EQ(nic->primary, Ip("10.126.1.54"));
  EXPECT_EQ(nic->mac, base::Mac({0x52, 0x54, 0, 1, 1, 0x2b}));
  EXPECT_EQ(world->settings().project, "org-1");
}

TEST(StateFileTest, MakesNoWorldThatDoesNotFit) {
  WorldSpec spec = {.subnet = base::Ipv4Prefix::Parse("10.0.0.0/29").value(),
                    .hosts = 5};
  EXPECT_TRUE(MakeWorld(spec).ok());
  spec.hosts = 6;
  EXPECT_THAT(MakeWorld(spec).status().message(), HasSubstr("uhost-6"));
}

}  // namespace
}  // namespace applets::vpcsim
