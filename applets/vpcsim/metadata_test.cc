#include "applets/vpcsim/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "applets/vpcsim/world_lab.h"
#include "base/json.h"

namespace applets::vpcsim {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class MetadataTest : public ::testing::Test {
 protected:
  MetadataTest() : world_(Settings{.project = "org-1"}) {
    AddOneSubnet(world_);
  }

  const Host& Add(Host host) {
    host.zone = "cn-bj2-04";
    EXPECT_TRUE(world_.AddHost(host).ok());
    AddInterface(host.id, "uni-" + host.id + "-0", 1, true);
    AddInterface(host.id, "uni-" + host.id + "-1", 2, false);
    return *world_.HostById(host.id);
  }
  void AddInterface(const std::string& host, const std::string& id,
                    uint8_t last, bool is_default) {
    EXPECT_TRUE(
        world_
            .AddInterface({.id = id,
                           .mac = base::Mac({0x52, 0x54, 0, 0, 0xab, last}),
                           .subnet = "subnet-1",
                           .host = host,
                           .is_default = is_default,
                           .primary = base::Ipv4(0x0a000010 + last)})
            .ok());
  }
  std::string At(const Host& host, absl::string_view path) {
    return MetadataAt(world_, host, path).value_or("nothing");
  }

  World world_;
};

TEST_F(MetadataTest, DocumentOfACloudHost) {
  EXPECT_EQ(MetadataOf(world_, Add({.id = "uhost-1", .name = "a"})),
            R"({"availability-zone":"cn-bj2-04","instance-id":"uhost-1",)"
            R"("region":"cn-bj2","uhost":{"cpu":8,"memory":16384,"name":"a",)"
            R"("network-interfaces":[)"
            R"({"default":true,"id":"uni-uhost-1-0",)"
            R"("ips":[{"ip-address":"10.0.0.17","type":"Private"}],)"
            R"("mac":"52:54:00:00:AB:01","subnet-id":"subnet-1",)"
            R"("vpc-id":"uvnet-1"},)"
            R"({"default":false,"id":"uni-uhost-1-1",)"
            R"("ips":[{"ip-address":"10.0.0.18","type":"Private"}],)"
            R"("mac":"52:54:00:00:AB:02","subnet-id":"subnet-1",)"
            R"("vpc-id":"uvnet-1"}],)"
            R"("project-id":"org-1","region":"cn-bj2","uhost-id":"uhost-1",)"
            R"("zone":"cn-bj2-04"}})");
}

TEST_F(MetadataTest, BareMetalIsAnUphost) {
  const auto json = base::Json::Parse(
      MetadataOf(world_, Add({.id = "upm-1", .bare_metal = true})));
  ASSERT_TRUE(json.ok());
  EXPECT_FALSE(json->Find("uhost"));
  EXPECT_EQ(json->String("instance-id").value(), "upm-1");
  const auto uphost = json->Get("uphost");
  ASSERT_TRUE(uphost.ok());
  EXPECT_EQ(uphost->String("uphost-id").value(), "upm-1");
  EXPECT_EQ(uphost->Array("network-interfaces")->front().String("mac").value(),
            "52:54:00:00:AB:01");
}

TEST_F(MetadataTest, OlderNodesDoNotSayWhichInterfaceIsTheDefault) {
  const auto json = base::Json::Parse(
      MetadataOf(world_, Add({.id = "uhost-1", .old_metadata = true})));
  ASSERT_TRUE(json.ok());
  const auto interfaces = json->Get("uhost")->Array("network-interfaces");
  ASSERT_EQ(interfaces->size(), 2u);
  EXPECT_FALSE(interfaces->front().Find("default"));
  EXPECT_FALSE(interfaces->front().Find("id"));
  EXPECT_EQ(interfaces->front().String("mac").value(), "52:54:00:00:AB:01");
}

TEST_F(MetadataTest, SingleValuesAreText) {
  const Host& host = Add({.id = "uhost-1"});
  EXPECT_EQ(At(host, "v1/region"), "cn-bj2");
  EXPECT_EQ(At(host, "latest/region"), "cn-bj2");
  EXPECT_EQ(At(host, "latest/availability-zone"), "cn-bj2-04");
  EXPECT_EQ(At(host, "v1/instance-id"), "uhost-1");
  EXPECT_EQ(At(host, "v1/uhost/cpu"), "8");
  EXPECT_EQ(At(host, "v1/uhost/network-interfaces/1/default"), "false");
  EXPECT_EQ(At(host, "v1/uhost/network-interfaces/1/ips/0/ip-address"),
            "10.0.0.18");
  EXPECT_EQ(At(host, "v1.json"), MetadataOf(world_, host));
}

TEST_F(MetadataTest, FoldersAreListed) {
  const Host& host = Add({.id = "uhost-1"});
  EXPECT_EQ(At(host, "v1/"),
            "/availability-zone\n/instance-id\n/region\n/uhost\n");
  EXPECT_EQ(At(host, "latest/uhost/network-interfaces/"), "/0\n/1\n");
}

TEST_F(MetadataTest, ElsewhereIsNothing) {
  const Host& host = Add({.id = "uhost-1"});
  for (const absl::string_view path :
       {"", "v1", "v2/region", "v1/nothing", "v1/region/x", "v1/uhost/cpu/0",
        "v1/uhost/network-interfaces/2", "v1/uhost/network-interfaces/x",
        "v1/uhost/network-interfaces/-1"}) {
    EXPECT_EQ(At(host, path), "nothing") << path;
  }
}

TEST_F(MetadataTest, KeysOfBothVersions) {
  const TemporaryKey key{{"pub", "priv"}, "token", "uhost-1", kNow};
  EXPECT_EQ(
      StsAnswer({StsRequest::Version::kV1, "Role"}, world_, key),
      R"({"RetCode":0,"Message":"","Data":{"PublicKey":"pub",)"
      R"("PrivateKey":"priv","SecurityToken":"token","Expiration":1700000000,)"
      R"("ProjectID":"org-1","CharacterName":"Role"}})");
  EXPECT_EQ(StsAnswer({StsRequest::Version::kV2, "Role"}, world_, key),
            R"({"RetCode":0,"Message":"","Data":{"AccessKeyId":"pub",)"
            R"("AccessKeySecret":"priv","SecurityToken":"token",)"
            R"("Expiration":"2023-11-14T22:13:20Z","ProjectID":"org-1",)"
            R"("CharacterName":"Role"}})");
}

TEST(StsTest, PathsNameVersionAndRole) {
  const auto v1 = ReadStsPath("v1/uam/security-credentials/R");
  ASSERT_TRUE(v1);
  EXPECT_EQ(v1->version, StsRequest::Version::kV1);
  EXPECT_EQ(v1->role, "R");
  EXPECT_EQ(ReadStsPath("v2/iam/security-credentials/R")->version,
            StsRequest::Version::kV2);
  EXPECT_FALSE(ReadStsPath("v1/iam/security-credentials/R"));
  EXPECT_FALSE(ReadStsPath("v1/region"));
}

TEST(StsTest, DurationIsWithinBounds) {
  const auto seconds = [](absl::string_view header) -> int64_t {
    const auto read = ReadStsDuration(header);
    const auto* life = std::get_if<absl::Duration>(&read);
    return life == nullptr ? -1 : absl::ToInt64Seconds(*life);
  };
  EXPECT_EQ(seconds(""), 3600);
  EXPECT_EQ(seconds("900"), 900);
  EXPECT_EQ(seconds("3600"), 3600);
  EXPECT_EQ(seconds("899"), -1);
  EXPECT_EQ(seconds("3601"), -1);
  EXPECT_EQ(seconds("x"), -1);
}

}  // namespace
}  // namespace applets::vpcsim
