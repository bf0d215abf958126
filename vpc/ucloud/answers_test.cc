#include "vpc/ucloud/answers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

base::Ipv4 Ip(absl::string_view text) { return *base::Ipv4::Parse(text); }
base::Ipv4Prefix Block(absl::string_view text) {
  return *base::Ipv4Prefix::Parse(text);
}
base::Mac MacOf(absl::string_view text) { return *base::Mac::Parse(text); }

base::Json Parsed(absl::string_view text) {
  auto json = base::Json::Parse(text);
  EXPECT_TRUE(json.ok()) << json.status();
  return *std::move(json);
}

base::Json Recorded(const std::string& name) {
  const auto text = base::ReadFile(
      absl::StrCat("testdata/vpc/answers/", name, ".json"), 1 << 16);
  EXPECT_TRUE(text.ok()) << text.status();
  return Parsed(text.value_or("{}"));
}

// What `decode` says of an answer that it must refuse.
template <typename T>
std::string ErrorOf(absl::StatusOr<T> (*decode)(const base::Json&),
                    absl::string_view text) {
  const auto decoded = decode(Parsed(text));
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(decoded.status().message());
}

void ExpectFirstIp(const IpInfo& ip) {
  EXPECT_EQ(ip.ip, Ip("10.9.4.17"));
  EXPECT_EQ(ip.prefix_length, 16);
  EXPECT_EQ(ip.gateway, Ip("10.9.0.1"));
  EXPECT_EQ(ip.mac, MacOf("52:54:00:ab:cd:01"));
  EXPECT_EQ(ip.subnet_id, "subnet-2kgf3xqw");
  EXPECT_EQ(ip.vpc_id, "uvnet-m3k1p2aa");
}

TEST(AnswersTest, ReadsAnAddressWithEitherNameOfTheSubnet) {
  for (const std::string name : {"allocate", "allocate-subnetwork"}) {
    const auto answer = DecodeIp(Recorded(name));
    ASSERT_TRUE(answer.ok()) << name << ": " << answer.status();
    ExpectFirstIp(answer->ip);
  }
}

TEST(AnswersTest, ReadsABatch) {
  const auto answer = DecodeBatch(Recorded("batch"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->items.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const BatchItem& item = answer->items[static_cast<size_t>(i)];
    EXPECT_TRUE(item.succeeded);
    EXPECT_EQ(item.addresses, Block(absl::StrCat("10.9.4.", 17 + i, "/32")));
    EXPECT_EQ(item.mac, MacOf("52:54:00:ab:cd:01"));
    EXPECT_EQ(item.subnet_id, "subnet-2kgf3xqw");
    EXPECT_EQ(item.vpc_id, "uvnet-m3k1p2aa");
  }
}

TEST(AnswersTest, ABatchMaySucceedInPart) {
  const auto answer = DecodeBatch(Recorded("batch-partial"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->items.size(), 3U);
  EXPECT_TRUE(answer->items[0].succeeded);
  EXPECT_FALSE(answer->items[1].succeeded);
  EXPECT_EQ(answer->items[1].addresses, std::nullopt);
  EXPECT_EQ(answer->items[1].message, "IP is not enough");
  EXPECT_FALSE(answer->items[2].succeeded);
  EXPECT_EQ(answer->items[2].addresses, Block("10.9.4.20/32"));
}

TEST(AnswersTest, ReadsABatchInTheShapeOfTheReference) {
  const auto answer = DecodeBatch(Recorded("batch-reference"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->items.size(), 1U);
  EXPECT_TRUE(answer->items[0].succeeded);
  EXPECT_EQ(answer->items[0].addresses, Block("10.9.4.17/32"));
  EXPECT_EQ(answer->items[0].subnet_id, "subnet-2kgf3xqw");
}

TEST(AnswersTest, ReadsABlock) {
  const auto answer = DecodeBatch(Recorded("batch-block"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->items.at(0).addresses, Block("10.9.4.32/27"));
}

TEST(AnswersTest, ReadsTheAddressesOfAnInterface) {
  const auto answer = DecodeIps(Recorded("describe-ip"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->ips.size(), 3U);
  ExpectFirstIp(answer->ips[0]);
  ExpectFirstIp(answer->ips[1]);
  EXPECT_EQ(answer->ips[2].mac, MacOf("52:54:00:ab:cd:02"));
  EXPECT_EQ(answer->ips[2].gateway, std::nullopt);
}

TEST(AnswersTest, NothingIsSaidInThreeWays) {
  EXPECT_THAT(DecodeIps(Recorded("describe-ip-none"))->ips, IsEmpty());
  EXPECT_THAT(DecodeIps(Recorded("describe-ip-null"))->ips, IsEmpty());
  EXPECT_THAT(DecodeInterfaces(Recorded("interfaces-none"))->interfaces,
              IsEmpty());
}

// Or a whole pool would seem to be gone when a name changes.
TEST(AnswersTest, AListThatIsNotThereIsNotEmpty) {
  EXPECT_EQ(ErrorOf(DecodeIps, R"({"RetCode":0})"), "document: has no DataSet");
  EXPECT_EQ(ErrorOf(DecodeSubnets, R"({"TotalCount":3})"),
            "document: has no DataSet");
  EXPECT_EQ(ErrorOf(DecodeInterfaces, "{}"),
            "document: has no NetworkInterfaceSet");
  EXPECT_EQ(ErrorOf(DecodeHosts, "{}"), "document: has no UHostSet");
  EXPECT_EQ(ErrorOf(DecodeBatch, "{}"), "document: has no IpsInfo");
  EXPECT_EQ(ErrorOf(DecodeIps, "[]"), "document: must be an object");
}

TEST(AnswersTest, ReadsSubnetsWithEitherNetmask) {
  const auto answer = DecodeSubnets(Recorded("subnet"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->total, 2);
  ASSERT_EQ(answer->subnets.size(), 2U);
  const SubnetInfo& nodes = answer->subnets[0];
  EXPECT_EQ(nodes.subnet_id, "subnet-2kgf3xqw");
  EXPECT_EQ(nodes.vpc_id, "uvnet-m3k1p2aa");
  EXPECT_EQ(nodes.name, "nodes");
  EXPECT_EQ(nodes.zone, "cn-bj2-04");
  EXPECT_EQ(nodes.prefix, Block("10.9.0.0/16"));
  EXPECT_EQ(nodes.gateway, Ip("10.9.0.1"));
  EXPECT_EQ(nodes.available_ips, 65211);
  EXPECT_EQ(answer->subnets[1].prefix, Block("10.10.64.0/18"));
  EXPECT_EQ(answer->subnets[1].available_ips, std::nullopt);
}

TEST(AnswersTest, ReadsTheInterfacesOfAnInstance) {
  const auto answer = DecodeInterfaces(Recorded("instance-interfaces"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->interfaces.size(), 2U);
  const InterfaceInfo& first = answer->interfaces[0];
  EXPECT_EQ(first.interface_id, "uni-4fzq1e");
  EXPECT_EQ(first.mac, MacOf("52:54:00:ab:cd:01"));
  EXPECT_THAT(first.primary_ips, ElementsAre(Ip("10.9.4.3")));
  EXPECT_EQ(first.prefix_length, 16);
  EXPECT_EQ(first.gateway, Ip("10.9.0.1"));
  EXPECT_EQ(first.subnet_id, "subnet-2kgf3xqw");
  EXPECT_EQ(first.attached_to, "uhost-1a2b3c");
  EXPECT_TRUE(first.is_default);
  EXPECT_EQ(first.ip_quota, std::nullopt);
  const InterfaceInfo& second = answer->interfaces[1];
  EXPECT_FALSE(second.is_default);
  EXPECT_THAT(second.primary_ips, ElementsAre(Ip("10.9.4.9")));
  EXPECT_THAT(second.secondary_ips,
              ElementsAre(Ip("10.9.4.20"), Ip("10.9.4.21")));
  EXPECT_EQ(second.ip_quota, 50);
  EXPECT_EQ(second.ip_count, 3);
}

TEST(AnswersTest, ReadsANewInterfaceAndAPageOfThem) {
  const auto made = DecodeInterface(Recorded("create-interface"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->interface.interface_id, "uni-6hbq3g");
  EXPECT_EQ(made->interface.name, "pods");
  EXPECT_EQ(made->interface.attached_to, "");
  const auto page = DecodeInterfaces(Recorded("interfaces"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total, 31);
  EXPECT_EQ(page->interfaces.size(), 2U);
}

TEST(AnswersTest, ReadsAHost) {
  const auto answer = DecodeHosts(Recorded("host"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->hosts.size(), 1U);
  const HostInfo& host = answer->hosts[0];
  EXPECT_EQ(host.host_id, "uhost-1a2b3c");
  EXPECT_EQ(host.zone, "cn-bj2-04");
  EXPECT_EQ(host.state, "Running");
  EXPECT_EQ(host.net_feature_tag, "Default");
  ASSERT_EQ(host.addresses.size(), 3U);
  EXPECT_EQ(host.addresses[0].ip, "10.9.4.3");
  EXPECT_TRUE(host.addresses[0].is_default);
  EXPECT_EQ(host.addresses[0].interface_id, "uni-4fzq1e");
  EXPECT_EQ(host.addresses[1].mac, MacOf("52:54:00:ab:cd:02"));
  EXPECT_FALSE(host.addresses[1].is_default);
  EXPECT_EQ(host.addresses[2].type, "BGP");
  EXPECT_EQ(host.addresses[2].mac, std::nullopt);
}

TEST(AnswersTest, ErrorsNameThePath) {
  EXPECT_EQ(ErrorOf(DecodeIp, "{}"), "document: has no IpInfo");
  EXPECT_EQ(ErrorOf(DecodeIp, R"({"IpInfo":{}})"), "IpInfo.Ip: missing");
  EXPECT_EQ(ErrorOf(DecodeIp, R"({"IpInfo":{"Ip":""}})"),
            "IpInfo.Ip: not an IPv4 address");
  EXPECT_EQ(ErrorOf(DecodeIp, R"({"IpInfo":{"Ip":"10.0.0.1","Mac":"x"}})"),
            "IpInfo.Mac: not a MAC address");
  EXPECT_EQ(
      ErrorOf(DecodeIp, R"({"IpInfo":{"Ip":"10.0.0.1","Mask":"255.0.255.0"}})"),
      "IpInfo.Mask: not a netmask");
  EXPECT_EQ(ErrorOf(DecodeBatch, R"({"IpsInfo":[{"Ip":"10.0.0.1"}]})"),
            "IpsInfo[0].Status: missing");
  EXPECT_EQ(ErrorOf(DecodeBatch, R"({"IpsInfo":[{"Status":[]}]})"),
            "IpsInfo[0].Status: must have one element");
  EXPECT_THAT(
      ErrorOf(DecodeBatch, R"({"IpInfo":[{"Status":{"StatusCode":"Odd"}}]})"),
      HasSubstr("IpInfo[0].Status: StatusCode is neither"));
  EXPECT_EQ(
      ErrorOf(DecodeBatch,
              R"({"IpsInfo":[{"Ip":"","Status":{"StatusCode":"Succeeded"}}]})"),
      "IpsInfo[0]: succeeded, but has no Ip");
  EXPECT_EQ(ErrorOf(DecodeSubnets,
                    R"({"DataSet":[{"SubnetId":"s","Subnet":"10.0.0.1",)"
                    R"("Netmask":"8"}]})"),
            "DataSet[0].Subnet: not an IPv4 prefix");
}

}  // namespace
}  // namespace vpc::ucloud
