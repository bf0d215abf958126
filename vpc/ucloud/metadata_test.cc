#include "vpc/ucloud/metadata.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Example(const std::string& name) {
  auto text = base::ReadFile("testdata/vpc/metadata/" + name, 1 << 16);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

Identity Parsed(const std::string& name) {
  auto identity = ParseIdentity(Example(name));
  EXPECT_TRUE(identity.ok()) << name << ": " << identity.status();
  return identity.value_or(Identity{});
}

base::Mac MacOf(absl::string_view text) { return *base::Mac::Parse(text); }
base::Ipv4 Ip(absl::string_view text) { return *base::Ipv4::Parse(text); }

TEST(ParseIdentityTest, KnowsACloudHost) {
  const Identity identity = Parsed("identity-host.json");
  EXPECT_EQ(identity.region, "cn-bj2");
  EXPECT_EQ(identity.zone, "cn-bj2-04");
  EXPECT_EQ(identity.instance_id, "uhost-4kr2qp0v");
  EXPECT_EQ(identity.project_id, "org-e1x4ya");
  EXPECT_FALSE(identity.bare_metal);
  ASSERT_EQ(identity.interfaces.size(), 1U);
  const Interface& interface = identity.interfaces[0];
  EXPECT_EQ(interface.id, "uni-1c8vm2zt");
  EXPECT_TRUE(interface.is_default);
  EXPECT_EQ(interface.subnet_id, "subnet-5dk0w3mh");
  EXPECT_EQ(interface.vpc_id, "uvnet-2fh7n4qe");
  EXPECT_EQ(ObjectIdOf(identity), "uni-1c8vm2zt");
}

TEST(ParseIdentityTest, TakesMacsOfEitherCase) {
  const Identity identity = Parsed("identity-host.json");
  EXPECT_EQ(identity.interfaces[0].mac, MacOf("52:54:00:9a:3c:11"));
  EXPECT_EQ(InterfaceWith(identity, MacOf("52:54:00:9a:3c:11")),
            &identity.interfaces[0]);
}

TEST(ParseIdentityTest, LeavesOutPublicAndIpv6Addresses) {
  EXPECT_THAT(Parsed("identity-host.json").interfaces[0].addresses,
              ElementsAre(Ip("10.9.31.7")));
  const Identity several = Parsed("identity-several-interfaces.json");
  EXPECT_THAT(several.interfaces[0].addresses,
              ElementsAre(Ip("10.23.8.14"), Ip("10.23.8.15")));
  EXPECT_THAT(several.interfaces[1].addresses, ElementsAre(Ip("10.23.1.101")));
}

TEST(ParseIdentityTest, TheFirstInterfaceOfAnOlderNodeIsTheDefault) {
  const Identity identity = Parsed("identity-older-node.json");
  ASSERT_EQ(identity.interfaces.size(), 2U);
  EXPECT_EQ(MainInterface(identity), &identity.interfaces[0]);
  EXPECT_FALSE(identity.interfaces[1].is_default);
  // Its interfaces have no ids to name them by.
  EXPECT_EQ(ObjectIdOf(identity), "uhost-k5ty0c1a");
}

TEST(ParseIdentityTest, TheDefaultInterfaceNeedNotBeTheFirst) {
  const Identity identity = Parsed("identity-several-interfaces.json");
  EXPECT_EQ(MainInterface(identity), &identity.interfaces[1]);
  EXPECT_EQ(ObjectIdOf(identity), "uni-0ph4s2ye");
}

TEST(ParseIdentityTest, TheMainInterfaceOfBareMetalIsTheFirst) {
  const Identity identity = Parsed("identity-bare-metal.json");
  EXPECT_TRUE(identity.bare_metal);
  ASSERT_NE(MainInterface(identity), nullptr);
  EXPECT_EQ(MainInterface(identity)->mac, MacOf("b4:05:5d:31:c8:06"));
  EXPECT_FALSE(identity.interfaces[1].is_default);
  EXPECT_THAT(identity.interfaces[1].addresses, IsEmpty());
  EXPECT_EQ(ObjectIdOf(identity), "upm-3nd8f0xl");
}

TEST(ParseIdentityTest, OnlyOneInterfaceIsTheDefault) {
  const std::string both =
      absl::StrReplaceAll(Example("identity-several-interfaces.json"),
                          {{"\"default\": false", "\"default\": \"True\""}});
  const auto identity = ParseIdentity(both);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_TRUE(identity->interfaces[0].is_default);
  EXPECT_FALSE(identity->interfaces[1].is_default);
}

TEST(MainInterfaceTest, IsNobodyWhereThereIsNone) {
  const Identity identity{.instance_id = "uhost-1"};
  EXPECT_EQ(MainInterface(identity), nullptr);
  EXPECT_EQ(ObjectIdOf(identity), "uhost-1");
}

TEST(InterfaceWithTest, IsNobodyForAStrangersMac) {
  EXPECT_EQ(
      InterfaceWith(Parsed("identity-host.json"), MacOf("52:54:00:9a:3c:12")),
      nullptr);
}

TEST(ParseIdentityTest, SecondaryInterfacesMayHaveNoSubnet) {
  const std::string text =
      absl::StrReplaceAll(Example("identity-several-interfaces.json"),
                          {{"\"subnet-id\": \"subnet-x2c0p9gn\",", ""}});
  const auto identity = ParseIdentity(text);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->interfaces[0].subnet_id, "");
}

struct Broken {
  absl::string_view from;
  absl::string_view to;
  absl::string_view error;
};

class BrokenIdentityTest : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenIdentityTest, NamesThePath) {
  const Broken& broken = GetParam();
  const std::string good = Example("identity-host.json");
  const std::string bad = absl::StrReplaceAll(good, {{broken.from, broken.to}});
  ASSERT_NE(good, bad);
  const auto identity = ParseIdentity(bad);
  EXPECT_TRUE(absl::IsInvalidArgument(identity.status()));
  EXPECT_EQ(identity.status().message(), broken.error);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BrokenIdentityTest,
    ::testing::Values(
        Broken{"\"instance-id\"", "\"id\"", "instance-id: missing"},
        Broken{"\"uhost-4kr2qp0v\"", "\"\"", "instance-id: empty"},
        Broken{"\"uhost-4kr2qp0v\"", "\"upm-4kr2qp0v\"", "uphost: missing"},
        Broken{"\"availability-zone\"", "\"a\"", "availability-zone: missing"},
        Broken{"\"cn-bj2\"", "null", "region: missing"},
        Broken{"\"uhost\"", "\"host\"", "uhost: missing"},
        Broken{"\"network-interfaces\"", "\"n\"",
               "uhost.network-interfaces: missing"},
        Broken{"52:54:00:9A:3C:11", "52:54:00:9A:3C",
               "uhost.network-interfaces[0].mac: not a MAC address"},
        Broken{"\"default\": true", "\"default\": 1",
               "uhost.network-interfaces[0].default: must be true or false"},
        Broken{"\"subnet-id\"", "\"s\"",
               "uhost.network-interfaces[0].subnet-id: missing"},
        Broken{"\"vpc-id\"", "\"v\"",
               "uhost.network-interfaces[0].vpc-id: missing"},
        Broken{"10.9.31.7\"", "10.9.31\"",
               "uhost.network-interfaces[0].ips[0].ip-address: not an IPv4 "
               "address"}));

TEST(ParseIdentityTest, WantsAnInterface) {
  const auto identity = ParseIdentity(
      R"({"region": "r", "availability-zone": "z", "instance-id": "uhost-1",
          "uhost": {"network-interfaces": []}})");
  EXPECT_EQ(identity.status().message(), "uhost.network-interfaces: empty");
}

TEST(ParseIdentityTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "null", "\"uhost\"", "{"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseIdentity(text).status())) << text;
  }
}

}  // namespace
}  // namespace vpc::ucloud
