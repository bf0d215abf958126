#include "vpc/ucloud/actions.h"

#include <map>
#include <string>

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using Fields = std::map<std::string, std::string>;

base::Ipv4 Ip(absl::string_view text) { return *base::Ipv4::Parse(text); }
base::Ipv4Prefix Block(absl::string_view text) {
  return *base::Ipv4Prefix::Parse(text);
}
const base::Mac kMac({0x52, 0x54, 0x00, 0xab, 0xcd, 0x01});
const base::Mac kOther({0x52, 0x54, 0x00, 0xab, 0xcd, 0x02});

// What a request that is all right says.
template <typename Request>
Fields Said(const Request& request) {
  EXPECT_TRUE(request.Check().ok()) << request.Check();
  return FormFields(request.params());
}

template <typename Request>
void ExpectWrong(const Request& request) {
  EXPECT_EQ(request.Check().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ActionsTest, AllocateSecondaryIp) {
  AllocateSecondaryIp request = {
      .zone = "z", .mac = kMac, .object_id = "uni-1", .subnet_id = "s"};
  Fields want = {{"Zone", "z"},
                 {"Mac", "52:54:00:AB:CD:01"},
                 {"ObjectId", "uni-1"},
                 {"SubnetId", "s"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_FALSE(request.repeatable());
  request.ip = Ip("10.0.0.9");
  request.vpc_id = "v";
  want["Ip"] = "10.0.0.9";
  want["VPCId"] = "v";
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  ExpectWrong(AllocateSecondaryIp{.mac = kMac, .object_id = "o"});
  ExpectWrong(AllocateSecondaryIp{.zone = "z", .object_id = "o"});
  ExpectWrong(AllocateSecondaryIp{.zone = "z", .mac = kMac});
  ExpectWrong(AllocateSecondaryIp{
      .zone = "z", .mac = kMac, .object_id = "o", .ip = base::Ipv4()});
}

TEST(ActionsTest, AllocateBatchSecondaryIpByCount) {
  const AllocateBatchSecondaryIp request = {
      .zone = "z", .mac = kMac, .object_id = "o", .count = 7};
  const Fields want = {{"Zone", "z"},
                       {"Mac", "52:54:00:AB:CD:01"},
                       {"ObjectId", "o"},
                       {"Count", "7"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_FALSE(request.repeatable());
}

TEST(ActionsTest, AllocateBatchSecondaryIpByAddress) {
  AllocateBatchSecondaryIp request = {
      .zone = "z",
      .mac = kMac,
      .object_id = "o",
      .ips = {Block("10.0.0.9/32"), Block("10.0.0.32/27")}};
  const Fields want = {{"Zone", "z"},
                       {"Mac", "52:54:00:AB:CD:01"},
                       {"ObjectId", "o"},
                       {"Ip.0", "10.0.0.9"},
                       {"Ip.1", "10.0.0.32/27"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  request.ips.push_back(Block("10.0.0.64/26"));
  ExpectWrong(request);
  request.ips.pop_back();
  request.count = 1;
  ExpectWrong(request);
  request.ips.clear();
  request.count = 0;
  ExpectWrong(request);
}

TEST(ActionsTest, DeleteSecondaryIp) {
  const DeleteSecondaryIp request = {
      .zone = "z", .ip = Ip("10.0.0.9"), .mac = kMac, .subnet_id = "s"};
  const Fields want = {{"Zone", "z"},
                       {"Ip", "10.0.0.9"},
                       {"Mac", "52:54:00:AB:CD:01"},
                       {"SubnetId", "s"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  ExpectWrong(DeleteSecondaryIp{.zone = "z", .mac = kMac, .subnet_id = "s"});
}

TEST(ActionsTest, DescribeSecondaryIp) {
  const DescribeSecondaryIp request = {
      .subnet_id = "s", .vpc_id = "v", .mac = kMac};
  const Fields want = {
      {"SubnetId", "s"}, {"VPCId", "v"}, {"Mac", "52:54:00:AB:CD:01"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  ExpectWrong(DescribeSecondaryIp{.subnet_id = "s"});
}

TEST(ActionsTest, MoveSecondaryIPMac) {
  MoveSecondaryIPMac request = {.ip = Ip("10.0.0.9"),
                                .old_mac = kMac,
                                .new_mac = kOther,
                                .subnet_id = "s"};
  const Fields want = {{"Ip", "10.0.0.9"},
                       {"OldMac", "52:54:00:AB:CD:01"},
                       {"NewMac", "52:54:00:AB:CD:02"},
                       {"SubnetId", "s"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_FALSE(request.repeatable());
  request.new_mac = kMac;
  ExpectWrong(request);
}

TEST(ActionsTest, DescribeSubnet) {
  const DescribeSubnet request = {.subnet_ids = {"s", "t"}, .vpc_id = "v"};
  const Fields want = {{"SubnetIds.0", "s"}, {"SubnetIds.1", "t"},
                       {"VPCId", "v"},       {"Offset", "0"},
                       {"Limit", "20"},      {"ShowAvailableIPs", "true"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  ExpectWrong(DescribeSubnet{.offset = -1});
  ExpectWrong(DescribeSubnet{.limit = 0});
  ExpectWrong(DescribeSubnet{.limit = 101});
}

TEST(ActionsTest, DescribeInstanceNetworkInterface) {
  const DescribeInstanceNetworkInterface request = {
      .instance_id = "uhost-1", .offset = 40, .limit = 100};
  const Fields want = {
      {"InstanceId", "uhost-1"}, {"Offset", "40"}, {"Limit", "100"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
  ExpectWrong(DescribeInstanceNetworkInterface{});
}

TEST(ActionsTest, CreateNetworkInterface) {
  CreateNetworkInterface request = {.vpc_id = "v", .subnet_id = "s"};
  EXPECT_EQ(Said(request), (Fields{{"VPCId", "v"}, {"SubnetId", "s"}}));
  request.name = "n";
  request.sec_groups = {{"sg-1", 1}, {"sg-2", 5}};
  const Fields want = {{"VPCId", "v"},
                       {"SubnetId", "s"},
                       {"Name", "n"},
                       {"SecurityMode", "1"},
                       {"PrioritySecGroup.0.SecGroupId", "sg-1"},
                       {"PrioritySecGroup.0.Priority", "1"},
                       {"PrioritySecGroup.1.SecGroupId", "sg-2"},
                       {"PrioritySecGroup.1.Priority", "5"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_FALSE(request.repeatable());
  request.sec_groups.push_back({});
  ExpectWrong(request);
}

TEST(ActionsTest, AttachDetachAndDeleteNetworkInterface) {
  const Fields both = {{"InterfaceId", "uni-1"}, {"InstanceId", "uhost-1"}};
  const AttachNetworkInterface attach = {"uni-1", "uhost-1"};
  const DetachNetworkInterface detach = {"uni-1", "uhost-1"};
  const DeleteNetworkInterface remove = {"uni-1"};
  EXPECT_EQ(Said(attach), both);
  EXPECT_EQ(Said(detach), both);
  EXPECT_EQ(Said(remove), (Fields{{"InterfaceId", "uni-1"}}));
  EXPECT_FALSE(attach.repeatable());
  EXPECT_FALSE(detach.repeatable());
  EXPECT_TRUE(remove.repeatable());
  ExpectWrong(AttachNetworkInterface{"uni-1", ""});
  ExpectWrong(DetachNetworkInterface{"", "uhost-1"});
  ExpectWrong(DeleteNetworkInterface{});
}

TEST(ActionsTest, DescribeNetworkInterface) {
  const DescribeNetworkInterface request = {.interface_ids = {"uni-1", "uni-2"},
                                            .subnet_id = "s"};
  const Fields want = {{"InterfaceId.0", "uni-1"},
                       {"InterfaceId.1", "uni-2"},
                       {"SubnetId", "s"},
                       {"Offset", "0"},
                       {"Limit", "20"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
}

TEST(ActionsTest, DescribeUHostInstance) {
  const DescribeUHostInstance request = {.zone = "z", .host_ids = {"uhost-1"}};
  const Fields want = {{"Zone", "z"},
                       {"UHostIds.0", "uhost-1"},
                       {"Offset", "0"},
                       {"Limit", "20"}};
  EXPECT_EQ(Said(request), want);
  EXPECT_TRUE(request.repeatable());
}

}  // namespace
}  // namespace vpc::ucloud
