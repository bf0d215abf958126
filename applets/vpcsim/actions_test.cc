#include "applets/vpcsim/actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "applets/vpcsim/actions_lab.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/world.h"
#include "base/json.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(ActionsTest, KnowsItsActionsAndNoOther) {
  EXPECT_TRUE(IsAction("AllocateSecondaryIp"));
  EXPECT_TRUE(IsAction("MoveSecondaryIPMac"));
  EXPECT_FALSE(IsAction("allocatesecondaryip"));
  EXPECT_FALSE(IsAction(""));
  EXPECT_TRUE(IsRead("DescribeSubnet"));
  EXPECT_FALSE(IsRead("DeleteSecondaryIp"));
  EXPECT_EQ(Code("CreateVPC", {}), 161);
  EXPECT_EQ(AnswerOf("X", {153, "slow \"down\""}),
            R"({"Action":"XResponse","RetCode":153,)"
            R"("Message":"slow \"down\""})");
  EXPECT_THAT(Perform(*world_, {}, {}, random_, now_),
              HasSubstr(R"("RetCode":160)"));
}

TEST_F(ActionsTest, AllocatesAnAddressInTheDocumentedShape) {
  const std::string text = Do("AllocateSecondaryIp", Asking()).Dump();
  EXPECT_EQ(text, R"({"Action":"AllocateSecondaryIpResponse","RetCode":0,)"
                  R"("Message":"","IpInfo":{"Ip":"10.126.0.4",)"
                  R"("Mask":"255.255.255.0","Gateway":"10.126.0.1",)"
                  R"("Mac":"52:54:00:00:01:AB","VPCId":"uvnet-1",)"
                  R"("SubnetId":"subnet-1"}})");
}

TEST_F(ActionsTest, NamesTheParameterThatIsMissingOrWrong) {
  for (const char* name : {"Zone", "Mac", "ObjectId"}) {
    const base::Json answer = Do("AllocateSecondaryIp", Asking({{name, "-"}}));
    EXPECT_EQ(answer.Int("RetCode").value(), 220) << name;
    EXPECT_EQ(answer.String("Message").value(),
              std::string("Missing params [") + name + "]");
  }
  for (const auto& [name, value] : Params{{"Zone", "cn-none"},
                                          {"Mac", "52:54:00"},
                                          {"Ip", "10.0.0"},
                                          {"Region", "cn-sh2"}}) {
    const base::Json answer =
        Do("AllocateSecondaryIp", Asking({{name, value}}));
    EXPECT_EQ(answer.Int("RetCode").value(), 230) << name;
    EXPECT_EQ(answer.String("Message").value(),
              "Params [" + name + "] not available");
  }
  const std::string text =
      Perform(*world_, {.action = "DescribeSubnet"}, {}, random_, now_);
  EXPECT_THAT(text, HasSubstr("Missing params [Region]"));
  EXPECT_EQ(world_->secondary_count(), 0U);
}

TEST_F(ActionsTest, RefusesWhatItDoesNotKnow) {
  const auto code = [this](Params with) {
    return Code("AllocateSecondaryIp", Asking(std::move(with)));
  };
  EXPECT_EQ(code({{"ProjectId", "org-2"}}), kUnknownProject);
  EXPECT_EQ(code({{"ProjectId", "org-1"}, {"Mac", kMac2}}), kWrongObject);
  EXPECT_EQ(code({{"VPCId", "uvnet-9"}}), kUnknownVpc);
  EXPECT_EQ(code({{"SubnetId", "subnet-9"}}), kUnknownSubnet);
  EXPECT_EQ(code({{"SubnetId", "subnet-2"}}), kUnknownMac);
  EXPECT_EQ(code({{"Mac", "52:54:00:00:00:99"}}), kUnknownMac);
  EXPECT_EQ(code({{"ObjectId", "uni-uhost-2"}}), kWrongObject);
  EXPECT_EQ(code({{"ObjectId", "uhost-2"}}), kWrongObject);
  EXPECT_EQ(code({{"Zone", "cn-bj2-05"}}), kForbiddenZone);
  EXPECT_EQ(code({{"Ip", "10.126.0.1"}}), kAddressReserved);
  EXPECT_EQ(code({{"Ip", "10.126.0.2"}}), kAddressTaken);
  EXPECT_EQ(code({{"Ip", "10.126.1.9"}}), kAddressReserved);
  EXPECT_EQ(world_->secondary_count(), 0U);
}

TEST_F(ActionsTest, TakesTheHostAsObjectAndDoesWithoutSubnetAndVpc) {
  EXPECT_EQ(Code("AllocateSecondaryIp", Asking({{"ObjectId", "uhost-1"},
                                                {"SubnetId", "-"},
                                                {"VPCId", "-"},
                                                {"Mac", "52:54:00:00:01:ab"},
                                                {"Ip", "10.126.0.77"}})),
            0);
  EXPECT_THAT(Listed({{"Mac", kMac1}}), ElementsAre("10.126.0.77"));
}

TEST_F(ActionsTest, BatchByCountGivesThatMany) {
  const base::Json answer =
      Do("AllocateBatchSecondaryIp", Asking({{"Count", "3"}}));
  const auto infos = answer.Array("IpsInfo").value();
  ASSERT_THAT(infos, SizeIs(3));
  EXPECT_EQ(infos[0].Dump(),
            R"({"Ip":"10.126.0.4","Mask":"255.255.255.0",)"
            R"("Gateway":"10.126.0.1","Mac":"52:54:00:00:01:AB",)"
            R"("VPCId":"uvnet-1","SubnetId":"subnet-1",)"
            R"("Status":{"StatusCode":"Succeeded","Message":""}})");
  EXPECT_THAT(Listed({{"Mac", kMac1}}),
              ElementsAre("10.126.0.4", "10.126.0.5", "10.126.0.6"));
}

TEST_F(ActionsTest, BatchByAddressesAndBlocksSucceedsInParts) {
  const base::Json answer =
      Do("AllocateBatchSecondaryIp",
         Asking({{"Ip.0", "10.126.0.0/30"}, {"Ip.1", "10.126.0.9"}}));
  std::vector<std::string> outcomes;
  for (const base::Json& info : Items(answer, "IpsInfo")) {
    outcomes.push_back(info.String("Ip").value() + " " +
                       info.Get("Status")->String("StatusCode").value());
  }
  EXPECT_EQ(answer.Int("RetCode").value(), 0);
  EXPECT_THAT(outcomes, ElementsAre("10.126.0.0 Failed", "10.126.0.1 Failed",
                                    "10.126.0.2 Failed", "10.126.0.3 Failed",
                                    "10.126.0.9 Succeeded"));
}

TEST_F(ActionsTest, BatchNeedsCountOrAddressesWithinTheLimits) {
  const auto code = [this](Params with) {
    return Code("AllocateBatchSecondaryIp", Asking(std::move(with)));
  };
  EXPECT_EQ(code({}), 220);
  EXPECT_EQ(code({{"Count", "0"}}), 230);
  EXPECT_EQ(code({{"Count", "101"}}), 230);
  EXPECT_EQ(code({{"Count", "x"}}), 230);
  EXPECT_EQ(code({{"Count", "1"}, {"Ip.0", "10.126.0.9"}}), 230);
  EXPECT_EQ(code({{"Ip.0", "10.126.0.0/26"}}), 230);
  EXPECT_EQ(code({{"Ip.0", "10.126.0.1/27"}}), 230) << "host bits";
  EXPECT_EQ(code({{"Ip.zero", "10.126.0.9"}}), 230);
  EXPECT_EQ(world_->secondary_count(), 0U);
  EXPECT_EQ(code({{"Ip.0", "10.126.0.32/27"}}), 0);
  EXPECT_EQ(world_->secondary_count(), 32U);
}

TEST_F(ActionsTest, BatchRunsIntoTheQuotaInPartAndThenAsAWhole) {
  const base::Json answer =
      Do("AllocateBatchSecondaryIp", Asking({{"Count", "42"}}));
  const auto infos = answer.Array("IpsInfo").value();
  ASSERT_THAT(infos, SizeIs(42));
  EXPECT_EQ(infos[39].Get("Status")->String("StatusCode").value(), "Succeeded");
  EXPECT_EQ(infos[40].Get("Status")->String("StatusCode").value(), "Failed");
  EXPECT_EQ(infos[40].String("Ip").value(), "");
  EXPECT_EQ(Code("AllocateBatchSecondaryIp", Asking({{"Count", "2"}})),
            kAddressQuota);
}

TEST_F(ActionsTest, BatchMayAnswerInTheOtherShape) {
  Build(Settings{.batch_shape = BatchShape::kExample});
  const base::Json answer =
      Do("AllocateBatchSecondaryIp", Asking({{"Count", "1"}}));
  EXPECT_FALSE(answer.Find("IpsInfo"));
  const auto infos = answer.Array("IpInfo").value();
  ASSERT_THAT(infos, SizeIs(1));
  EXPECT_EQ(infos[0].String("SubnetworkId").value(), "subnet-1");
  EXPECT_FALSE(infos[0].Find("SubnetId"));
  const auto status = infos[0].Array("Status").value();
  ASSERT_THAT(status, SizeIs(1));
  EXPECT_EQ(status[0].String("StatusCode").value(), "Succeeded");
}

TEST_F(ActionsTest, FaultFailsAShareOfABatchWithoutEffect) {
  const base::Json answer = Do("AllocateBatchSecondaryIp",
                               Asking({{"Count", "40"}}), {.failing = 0.5});
  size_t succeeded = 0;
  for (const base::Json& info : Items(answer, "IpsInfo")) {
    succeeded +=
        info.Get("Status")->String("StatusCode").value() == "Succeeded";
  }
  EXPECT_GT(succeeded, 5U);
  EXPECT_LT(succeeded, 35U);
  EXPECT_EQ(world_->secondary_count(), succeeded);
  EXPECT_EQ(
      Do("AllocateBatchSecondaryIp", Asking({{"Count", "3"}}), {.failing = 1})
          .Int("RetCode")
          .value(),
      0);
}

TEST_F(ActionsTest, FaultNamesTheMacOfAnotherInterface) {
  const base::Json answer =
      Do("AllocateSecondaryIp", Asking(), {.wrong_mac = true});
  const std::string mac = answer.Get("IpInfo")->String("Mac").value();
  EXPECT_TRUE(mac == kMac2 || mac == kMacZ) << mac;
  EXPECT_EQ(Listed({{"Mac", kMac1}}).size(), 1U) << "it was given all the same";
  const base::Json list =
      Do("DescribeSecondaryIp",
         {{"SubnetId", "subnet-1"}, {"VPCId", "uvnet-1"}}, {.wrong_mac = true});
  EXPECT_NE(list.Array("DataSet").value()[0].String("Mac").value(), kMac1);
}

TEST_F(ActionsTest, DeletesOnlyWhatThatMacHas) {
  ASSERT_EQ(Code("AllocateSecondaryIp", Asking({{"Ip", "10.126.0.9"}})), 0);
  const auto code = [this](Params with) {
    with.emplace("Ip", "10.126.0.9");
    return Code("DeleteSecondaryIp", Asking(std::move(with)));
  };
  EXPECT_EQ(code({{"SubnetId", "-"}}), 220);
  EXPECT_EQ(code({{"Mac", kMac2}, {"ObjectId", "-"}}), 58221);
  EXPECT_EQ(code({{"SubnetId", "subnet-2"}}), 58221);
  EXPECT_EQ(code({{"ObjectId", "uhost-2"}}), kWrongObject);
  EXPECT_EQ(code({{"Ip", "10.126.0.10"}}), 58221);
  EXPECT_EQ(code({{"Ip", "10.126.0.2"}}), 58221) << "a primary address";
  EXPECT_EQ(code({{"ObjectId", "-"}, {"VPCId", "-"}}), 0);
  EXPECT_EQ(code({}), 58221);
  EXPECT_EQ(world_->secondary_count(), 0U);
}

TEST_F(ActionsTest, MovesAnAddressWithinItsSubnet) {
  ASSERT_EQ(Code("AllocateSecondaryIp", Asking({{"Ip", "10.126.0.9"}})), 0);
  const auto code = [this](std::string from, std::string to,
                           std::string subnet) {
    return Code("MoveSecondaryIPMac", {{"Ip", "10.126.0.9"},
                                       {"OldMac", from},
                                       {"NewMac", to},
                                       {"SubnetId", subnet}});
  };
  EXPECT_EQ(code(kMac1, "", "subnet-1"), 220);
  EXPECT_EQ(code(kMac1, kMac2, "subnet-9"), kUnknownSubnet);
  EXPECT_EQ(code(kMac1, kMac2, "subnet-2"), kUnknownMac);
  EXPECT_EQ(code(kMac1, kMacZ, "subnet-1"), kUnknownMac);
  EXPECT_EQ(code(kMac2, kMac1, "subnet-1"), 58221);
  EXPECT_EQ(code(kMac1, kMac2, "subnet-1"), 0);
  EXPECT_THAT(Listed({{"Mac", kMac2}}), ElementsAre("10.126.0.9"));
  EXPECT_EQ(code(kMac1, kMac2, "subnet-1"), 58221) << "done already";
}

TEST_F(ActionsTest, ListsByMacByAddressAndAll) {
  ASSERT_EQ(Code("AllocateSecondaryIp", Asking({{"Ip", "10.126.0.9"}})), 0);
  ASSERT_EQ(Code("AllocateSecondaryIp", Asking({{"Ip", "10.126.0.7"},
                                                {"Mac", kMac2},
                                                {"ObjectId", "uhost-2"}})),
            0);
  EXPECT_THAT(Listed({}), ElementsAre("10.126.0.7", "10.126.0.9"));
  EXPECT_THAT(Listed({{"Mac", kMac1}}), ElementsAre("10.126.0.9"));
  EXPECT_THAT(Listed({{"Ip", "10.126.0.7"}}), ElementsAre("10.126.0.7"));
  EXPECT_THAT(Listed({{"Ip", "10.126.0.7"}, {"Mac", kMac1}}), SizeIs(0));
  EXPECT_THAT(Listed({{"Ip", "10.126.0.2"}}), SizeIs(0)) << "a primary one";
  EXPECT_EQ(Code("DescribeSecondaryIp", {{"SubnetId", "subnet-1"}}), 220);
  EXPECT_EQ(Code("DescribeSecondaryIp",
                 {{"SubnetId", "subnet-9"}, {"VPCId", "uvnet-1"}}),
            kUnknownSubnet);
}

TEST_F(ActionsTest, StaleReadsLagBehindInAllThatIsDescribed) {
  ASSERT_EQ(Code("DescribeSubnet", {}), 0);
  now_ += absl::Seconds(10);
  ASSERT_EQ(Code("AllocateSecondaryIp", Asking({{"Ip", "10.126.0.9"}})), 0);
  ASSERT_EQ(Code("CreateNetworkInterface",
                 {{"VPCId", "uvnet-1"}, {"SubnetId", "subnet-1"}}),
            0);
  now_ += absl::Seconds(1);
  const Bend stale = {.lag = absl::Seconds(5)};
  EXPECT_THAT(Listed({}, stale), SizeIs(0));
  EXPECT_THAT(Listed({}), SizeIs(1));
  const Params show = {{"SubnetId", "subnet-1"}, {"ShowAvailableIPs", "true"}};
  const auto available = [&](const Bend& bend) {
    return Do("DescribeSubnet", show, bend)
        .Array("DataSet")
        .value()[0]
        .Int("AvailableIPs")
        .value();
  };
  EXPECT_EQ(available(stale), 251);
  EXPECT_EQ(available({}), 249);
  EXPECT_EQ(Do("DescribeNetworkInterface", {}, stale).Int("TotalCount").value(),
            3);
  EXPECT_EQ(Do("DescribeNetworkInterface", {}).Int("TotalCount").value(), 4);
}

TEST_F(ActionsTest, DescribesSubnets) {
  const base::Json answer =
      Do("DescribeSubnet",
         {{"SubnetIds.0", "subnet-2"}, {"ShowAvailableIPs", "true"}});
  EXPECT_EQ(answer.Int("TotalCount").value(), 1);
  const base::Json subnet = answer.Array("DataSet").value()[0];
  EXPECT_EQ(subnet.String("SubnetId").value(), "subnet-2");
  EXPECT_EQ(subnet.String("VPCId").value(), "uvnet-1");
  EXPECT_EQ(subnet.String("VPCName").value(), "lab");
  EXPECT_EQ(subnet.String("Subnet").value(), "10.126.1.0");
  EXPECT_EQ(subnet.String("Netmask").value(), "24");
  EXPECT_EQ(subnet.String("Gateway").value(), "10.126.1.1");
  EXPECT_EQ(subnet.String("Zone").value(), "cn-bj2-05");
  EXPECT_EQ(subnet.Int("AvailableIPs").value(), 252);
  EXPECT_EQ(Do("DescribeSubnet", {{"SubnetId", "subnet-9"}})
                .Int("TotalCount")
                .value(),
            0);
  EXPECT_EQ(Code("DescribeSubnet", {{"ShowAvailableIPs", "yes"}}), 230);
}

TEST_F(ActionsTest, PagesThroughWhatThereIs) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(Code("CreateNetworkInterface",
                   {{"VPCId", "uvnet-1"}, {"SubnetId", "subnet-1"}}),
              0);
  }
  std::set<std::string> seen;
  const auto page = [&](Params params) {
    const base::Json answer = Do("DescribeNetworkInterface", params);
    EXPECT_EQ(answer.Int("TotalCount").value(), 28);
    const auto set = answer.Array("NetworkInterfaceSet").value();
    for (const base::Json& nic : set) {
      seen.insert(nic.String("InterfaceId").value());
    }
    return set.size();
  };
  EXPECT_EQ(page({}), 20U);
  EXPECT_EQ(page({{"Offset", "20"}}), 8U);
  EXPECT_EQ(seen.size(), 28U);
  EXPECT_EQ(page({{"Offset", "3"}, {"Limit", "2"}}), 2U);
  EXPECT_EQ(page({{"Offset", "99"}}), 0U);
  EXPECT_EQ(Code("DescribeNetworkInterface", {{"Offset", "-1"}}), 230);
  EXPECT_EQ(Code("DescribeNetworkInterface", {{"Limit", "0"}}), 230);
}

TEST_F(ActionsTest, DescribesCloudHostsAndNotBareMetal) {
  const base::Json answer = Do("DescribeUHostInstance", {});
  EXPECT_EQ(answer.Int("TotalCount").value(), 2);
  const auto one = Do("DescribeUHostInstance", {{"UHostIds.0", "uhost-2"},
                                                {"UHostIds.1", "upm-3"},
                                                {"UHostIds.2", "uhost-9"}})
                       .Array("UHostSet")
                       .value();
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].String("NetFeatureTag").value(), "SecGroup");
  EXPECT_EQ(one[0].Array("IPSet").value()[0].Dump(),
            R"({"IP":"10.126.0.3","Type":"Private",)"
            R"("Mac":"52:54:00:00:02:AB","Default":"true",)"
            R"("NetworkInterfaceId":"uni-uhost-2","SubnetId":"subnet-1",)"
            R"("VPCId":"uvnet-1"})");
}

}  // namespace
}  // namespace applets::vpcsim
