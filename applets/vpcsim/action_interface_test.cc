#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "applets/vpcsim/actions_lab.h"
#include "applets/vpcsim/ret_code.h"
#include "base/json.h"

// The actions of network interfaces (action_interface.cc).
namespace applets::vpcsim {
namespace {

using ::testing::SizeIs;

TEST_F(ActionsTest, InterfacesLiveFromCreationToDeletion) {
  const base::Json made =
      Do("CreateNetworkInterface", {{"VPCId", "uvnet-1"},
                                    {"SubnetId", "subnet-1"},
                                    {"Name", "pods"},
                                    {"PrivateIp.0", "10.126.0.50"},
                                    {"SecurityMode", "1"},
                                    {"PrioritySecGroup.0.SecGroupId", "sg-1"},
                                    {"PrioritySecGroup.0.Priority", "1"}});
  const base::Json nic = made.Get("NetworkInterface").value();
  const std::string id = nic.String("InterfaceId").value();
  EXPECT_EQ(nic.Get("PrivateIpSet")->Dump(), R"(["10.126.0.50"])");
  EXPECT_EQ(nic.String("Netmask").value(), "255.255.255.0");
  EXPECT_EQ(nic.String("AttachInstanceId").value(), "");
  const Params both = {{"InterfaceId", id}, {"InstanceId", "uhost-1"}};
  EXPECT_EQ(Code("DetachNetworkInterface", both), kNotAttached);
  EXPECT_EQ(Code("AttachNetworkInterface", both), 0);
  EXPECT_EQ(Code("AttachNetworkInterface", both), 58205);
  EXPECT_EQ(Code("DeleteNetworkInterface", {{"InterfaceId", id}}),
            kStillAttached);
  const auto set =
      Do("DescribeInstanceNetworkInterface", {{"InstanceId", "uhost-1"}})
          .Array("NetworkInterfaceSet")
          .value();
  ASSERT_THAT(set, SizeIs(2));
  EXPECT_TRUE(set[0].Bool("Default", false).value());
  EXPECT_EQ(set[1].String("InterfaceId").value(), id);
  EXPECT_EQ(set[1].String("AttachInstanceId").value(), "uhost-1");
  EXPECT_EQ(Code("DetachNetworkInterface", both), 0);
  EXPECT_EQ(Code("DeleteNetworkInterface", {{"InterfaceId", id}}), 0);
  EXPECT_EQ(Code("DeleteNetworkInterface", {{"InterfaceId", id}}),
            kUnknownInterface);
  EXPECT_EQ(Code("DescribeInstanceNetworkInterface", {{"InstanceId", "x"}}),
            kUnknownInstance);
}

TEST_F(ActionsTest, SecurityGroupsGoWithTheirMode) {
  const auto code = [this](Params with) {
    with.merge(Params{{"VPCId", "uvnet-1"}, {"SubnetId", "subnet-1"}});
    return Code("CreateNetworkInterface", std::move(with));
  };
  EXPECT_EQ(code({{"SecurityMode", "1"}}), 220);
  EXPECT_EQ(code({{"SecurityMode", "2"}}), 230);
  EXPECT_EQ(code({{"PrioritySecGroup.0.SecGroupId", "sg-1"},
                  {"PrioritySecGroup.0.Priority", "1"}}),
            230);
  EXPECT_EQ(
      code({{"SecurityMode", "1"}, {"PrioritySecGroup.0.SecGroupId", "sg-1"}}),
      220);
  EXPECT_EQ(code({{"SecurityMode", "1"},
                  {"PrioritySecGroup.0.SecGroupId", "sg-1"},
                  {"PrioritySecGroup.0.Priority", "9"}}),
            230);
  EXPECT_EQ(code({{"PrivateIp.0", "10.126.0.1"}}), kAddressReserved);
}

TEST_F(ActionsTest, SecurityGroupsAreShownToWhoAsksForThem) {
  const std::string id =
      Do("CreateNetworkInterface", {{"VPCId", "uvnet-1"},
                                    {"SubnetId", "subnet-1"},
                                    {"SecurityMode", "1"},
                                    {"PrioritySecGroup.0.SecGroupId", "sg-1"},
                                    {"PrioritySecGroup.0.Priority", "2"},
                                    {"PrioritySecGroup.1.SecGroupId", "sg-2"},
                                    {"PrioritySecGroup.1.Priority", "1"}})
          .Get("NetworkInterface")
          ->String("InterfaceId")
          .value();
  const auto described = [&](Params with) {
    with.emplace("InterfaceId.0", id);
    return Do("DescribeNetworkInterface", std::move(with))
        .Array("NetworkInterfaceSet")
        .value()[0];
  };
  EXPECT_FALSE(described({}).Find("SecGroup"));
  const base::Json shown = described({{"WithSecGroup", "true"}});
  EXPECT_EQ(shown.Int("SecGroupCount").value(), 2);
  EXPECT_EQ(shown.Get("SecGroup")->Dump(),
            R"([{"SecGroupId":"sg-1","Name":"sg-1","Priority":2},)"
            R"({"SecGroupId":"sg-2","Name":"sg-2","Priority":1}])");
}

}  // namespace
}  // namespace applets::vpcsim
