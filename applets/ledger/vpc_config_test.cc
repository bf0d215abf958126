#include "applets/ledger/vpc_config.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

using absl::StatusCode;

const base::Mac kMac({0x52, 0x54, 0x00, 0x00, 0x00, 0x01});

VpcConfig Ucloud() {
  VpcConfig config;
  config.vpc = "ucloud";
  config.subnet = "subnet-1";
  config.interface = "eth0";
  config.ucloud = {.metadata_url = "http://127.0.0.1:80",
                   .api_endpoint = "https://api.example",
                   .ca_bundle = "/etc/ca.pem",
                   .role = "Role",
                   .environment_file = "/etc/env",
                   .rate_per_second = 7,
                   .burst = 9,
                   .place = {.region = "cn-bj2",
                             .zone = "cn-bj2-04",
                             .project_id = "org-1",
                             .vpc_id = "uvnet-1",
                             .subnet_id = "subnet-1",
                             .object_id = "uni-1",
                             .mac = kMac,
                             .instance_id = "uhost-1"}};
  return config;
}

netlink::Node NodeWith(const base::Mac& mac) {
  netlink::Node node;
  node.name = "eth0";
  node.mac = mac;
  node.address = *base::Ipv4::Parse("10.0.0.9");
  return node;
}

TEST(VpcConfigTest, IsReadAsItWasWritten) {
  VpcConfig embedded;
  embedded.subnet = "10.0.0.0/24";
  embedded.vpc_state = "/tmp/vpc.db";
  embedded.reserved = {"10.0.0.9", "10.0.0.16/28"};
  embedded.cooldown = absl::Seconds(7);
  for (const VpcConfig& config : {embedded, Ucloud()}) {
    const auto read = ParseVpcConfig(ToJson(config));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, config);
  }
}

TEST(VpcConfigTest, WhatIsWrongInAStoredPlaceIsNamed) {
  const auto missing =
      ParseVpcConfig(R"({"vpc":"ucloud","ucloud":{"place":{"region":"r"}}})");
  EXPECT_EQ(missing.status().message(), "ucloud.place.zone: missing");
  const auto mac = ParseVpcConfig(
      R"({"vpc":"ucloud","ucloud":{"place":{"region":"r","zone":"z",)"
      R"("vpcId":"v","subnetId":"s","objectId":"o","mac":"no"}}})");
  EXPECT_EQ(mac.status().message(), "ucloud.place.mac: not a MAC address");
}

TEST(VpcConfigTest, UcloudsProviderNeedsNobodyToOpen) {
  const auto provider = OpenProvider(Ucloud(), "/nowhere", NodeWith(kMac));
  ASSERT_TRUE(provider.ok()) << provider.status();
  EXPECT_EQ((*provider)->usage().rate_per_second, 7);
}

// A disk that was copied to another host, for instance.
TEST(VpcConfigTest, AnotherHostsPlaceIsRefused) {
  const auto provider =
      OpenProvider(Ucloud(), "/nowhere",
                   NodeWith(base::Mac({0x52, 0x54, 0x00, 0x00, 0x00, 0x02})));
  EXPECT_EQ(provider.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(
      absl::StrContains(provider.status().message(), "52:54:00:00:00:02"));
}

TEST(VpcConfigTest, AVpcThatIsNotKnownIsRefused) {
  VpcConfig config;
  config.vpc = "moon";
  EXPECT_EQ(OpenProvider(config, "/nowhere", NodeWith(kMac)).status().code(),
            StatusCode::kInvalidArgument);
}

// ObjectId is the node's main interface for all of them (facts of the API).
TEST(VpcConfigTest, AFurtherInterfaceIsAboutItsOwnSubnetAndTheNodesObject) {
  const base::Mac mac({0x52, 0x54, 0x00, 0x00, 0x00, 0x07});
  const VpcConfig config = ForInterface(
      Ucloud(),
      {.id = "uni-7", .mac = mac, .subnet = "subnet-7", .vpc = "uvnet-1"},
      "eth1");
  EXPECT_EQ(config.subnet, "subnet-7");
  EXPECT_EQ(config.interface, "eth1");
  EXPECT_EQ(config.ucloud.place.subnet_id, "subnet-7");
  EXPECT_EQ(config.ucloud.place.mac, mac);
  EXPECT_EQ(config.ucloud.place.object_id, "uni-1");
  EXPECT_TRUE(OpenProvider(config, "/nowhere", NodeWith(mac)).ok());
}

TEST(VpcConfigTest, FurtherInterfacesShareTheNodesAccess) {
  const auto access = OpenAccess(Ucloud());
  ASSERT_TRUE(access.ok()) << access.status();
  EXPECT_TRUE(OpenInterfaces(Ucloud(), "/nowhere", *access).ok());
  EXPECT_TRUE(OpenProvider(Ucloud(), "/nowhere", NodeWith(kMac), *access).ok());
}

TEST(VpcConfigTest, TheEmbeddedVpcHasNoFurtherInterfacesAndSaysWhatHas) {
  const auto access = OpenAccess(VpcConfig());
  ASSERT_TRUE(access.ok()) << access.status();
  const auto refused =
      OpenInterfaces(VpcConfig(), "/nowhere", *access).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(refused.message(), "--vpc=ucloud"));
}

// What version 0.1.0 has stored doesn't tell it.
TEST(VpcConfigTest, WithoutTheInstancesIdThereAreNoFurtherInterfaces) {
  VpcConfig config = Ucloud();
  config.ucloud.place.instance_id.clear();
  const auto refused =
      OpenInterfaces(config, "/nowhere", *OpenAccess(config)).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(refused.message(), "restart ipamd"));
}

}  // namespace
}  // namespace applets::ledger
