#include "kube/custom_resources.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

base::Json Parse(const std::string& text) { return *base::Json::Parse(text); }

Ipamd SomeIpamd() {
  Ipamd ipamd;
  ipamd.meta.key = {"kube-system", "node-a"};
  ipamd.meta.owners = {{"v1", "Node", "node-a", "u1", false}};
  ipamd.node = "node-a";
  ipamd.address = "10.0.0.3:7312";
  ipamd.subnet = "subnet-1";
  ipamd.current = 2;
  ipamd.high = 50;
  ipamd.low = 3;
  ipamd.fill = Ipamd::Fill::kHungry;
  return ipamd;
}

TEST(IpamdTest, IsReadAsItWasWritten) {
  const auto read = DecodeIpamd(Parse(EncodeIpamd(SomeIpamd())));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, SomeIpamd());
}

TEST(IpamdTest, HasUk8sFieldNames) {
  Ipamd ipamd = SomeIpamd();
  ipamd.meta.owners.clear();
  EXPECT_EQ(IpamdPatch(ipamd),
            R"({"spec":{"node":"node-a","addr":"10.0.0.3:7312",)"
            R"("subnet":"subnet-1"},"status":{"current":2,"high":50,"low":3,)"
            R"("status":"hungry"}})");
}

TEST(IpamdTest, GoesWithItsNode) {
  EXPECT_THAT(EncodeIpamd(SomeIpamd()),
              HasSubstr(R"("ownerReferences":[{"apiVersion":"v1",)"
                        R"("kind":"Node","name":"node-a","uid":"u1"}])"));
}

TEST(IpamdTest, OneThatWasThereBeforeIsGivenToItsNode) {
  EXPECT_THAT(IpamdPatch(SomeIpamd()),
              HasSubstr(R"({"metadata":{"ownerReferences":[{)"));
}

TEST(IpamdTest, AStatusThatIsMissingOrUnknownIsUnknown) {
  for (const std::string status : {"", R"(,"status":{"status":"merry"})"}) {
    const auto read =
        DecodeIpamd(Parse(R"({"metadata":{"name":"n"})" + status + "}"));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->fill, Ipamd::Fill::kUnknown);
  }
}

TEST(IpamdTest, FillIsWhatUk8sCallsIt) {
  EXPECT_EQ(NameOf(FillOf(0, 3, 50)), "dry");
  EXPECT_EQ(NameOf(FillOf(2, 3, 50)), "hungry");
  EXPECT_EQ(NameOf(FillOf(3, 3, 50)), "normal");
  EXPECT_EQ(NameOf(FillOf(50, 3, 50)), "normal");
  EXPECT_EQ(NameOf(FillOf(51, 3, 50)), "overflow");
}

VpcIpClaim SomeClaim() {
  VpcIpClaim claim;
  claim.meta.key = {"shop", "web-0"};
  claim.meta.labels = {{kAttachedLabel, "false"},
                       {kOwnerStatefulSetLabel, "web"}};
  claim.meta.finalizers = {kClaimFinalizer};
  claim.ip = *base::Ipv4::Parse("10.0.0.7");
  claim.mask = "255.255.0.0";
  claim.gateway = "10.0.0.1";
  claim.subnet_id = "subnet-1";
  claim.vpc_id = "uvnet-1";
  claim.zone = "cn-bj2-02";
  claim.last_detached = absl::FromUnixSeconds(1767323045);
  claim.mac = *base::Mac::Parse("52:54:00:7e:00:11");
  claim.keep = absl::Hours(1) + absl::Minutes(10) + absl::Seconds(20);
  claim.sandbox_id = "c1";
  return claim;
}

TEST(VpcIpClaimTest, IsReadAsItWasWritten) {
  VpcIpClaim claim = SomeClaim();
  EXPECT_EQ(*DecodeVpcIpClaim(Parse(EncodeVpcIpClaim(claim))), claim);
  claim.attached = true;
  claim.keep = std::nullopt;
  claim.last_detached = std::nullopt;
  claim.mac = std::nullopt;
  EXPECT_EQ(*DecodeVpcIpClaim(Parse(EncodeVpcIpClaim(claim))), claim);
}

TEST(VpcIpClaimTest, WhatIsntKnownIsntWritten) {
  VpcIpClaim claim;
  claim.meta.key = {"shop", "web-0"};
  const std::string object = EncodeVpcIpClaim(claim);
  EXPECT_THAT(object, Not(HasSubstr("lastDetachtime")));
  EXPECT_THAT(object, Not(HasSubstr("\"\"")));
  EXPECT_THAT(object, Not(HasSubstr("null")));
}

TEST(VpcIpClaimTest, ThePatchLeavesTheAddressAlone) {
  const std::string patch = VpcIpClaimPatch(SomeClaim());
  EXPECT_THAT(patch, Not(HasSubstr("\"spec\"")));
  EXPECT_THAT(patch, HasSubstr(R"("releaseTime":"1h10m20s")"));
  EXPECT_THAT(patch, HasSubstr(R"("finalizers":["cni-vpc-ipamd"])"));
  EXPECT_THAT(patch, HasSubstr(R"("attached":"false")"));
}

TEST(VpcIpClaimTest, ThePatchIsForOneVersionAndHasWhatIsOurs) {
  VpcIpClaim claim = SomeClaim();
  EXPECT_THAT(VpcIpClaimPatch(claim), Not(HasSubstr("resourceVersion")));
  EXPECT_THAT(VpcIpClaimPatch(claim),
              HasSubstr(R"("vpc.uk8s.ucloud.cn/moves":null)"));
  claim.meta.resource_version = "17";
  claim.meta.annotations = {{kMovesAnnotation, "moves"}, {"theirs", "x"}};
  claim.meta.labels[kInterfaceLabel] = LabelOf(*claim.mac);
  const std::string patch = VpcIpClaimPatch(claim);
  EXPECT_THAT(patch, HasSubstr(R"("resourceVersion":"17")"));
  EXPECT_THAT(patch, HasSubstr(R"("vpc.uk8s.ucloud.cn/moves":"moves")"));
  EXPECT_THAT(patch,
              HasSubstr(R"("vpc.uk8s.ucloud.cn/interface":"5254007e0011")"));
  EXPECT_THAT(patch, Not(HasSubstr("theirs")));
}

TEST(VpcIpClaimTest, APolicyIsADurationAsGoWritesIt) {
  EXPECT_EQ(*ParseClaimPolicy("1h10m20s"), absl::Seconds(4220));
  EXPECT_EQ(*ParseClaimPolicy("1.5h"), absl::Minutes(90));
  EXPECT_EQ(*ParseClaimPolicy("0"), absl::ZeroDuration());
  EXPECT_EQ(*ParseClaimPolicy("2\u00b5s"), absl::Microseconds(2));
  EXPECT_EQ(*ParseClaimPolicy("2\u03bcs"), absl::Microseconds(2));
  EXPECT_EQ(*ParseClaimPolicy("Never"), std::nullopt);
  for (const char* bad : {"", "never", "1", "1d", "-1s", "inf", "1h 2m",
                          "2562048h", "9223372036854775808ns"}) {
    EXPECT_FALSE(ParseClaimPolicy(bad).ok()) << bad;
  }
}

TEST(VpcIpClaimTest, WithoutAnAddressItIsAnError) {
  const absl::Status status =
      DecodeVpcIpClaim(Parse(R"({"metadata":{"name":"a"},"spec":{}})"))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("spec.ip"));
}

TEST(VpcIpClaimTest, APolicyThatNobodyUnderstandsKeepsTheAddress) {
  for (const std::string policy : {"", "Never", "soon", "-1h", "1"}) {
    const auto claim = DecodeVpcIpClaim(Parse(absl::StrCat(
        R"({"metadata":{"name":"a"},"spec":{"ip":"10.0.0.1"},"status":)",
        R"({"attached":false,"lastDetachtime":"2026-01-02 03:04:05",)",
        R"("releaseTime":")", policy, "\"}}")));
    ASSERT_TRUE(claim.ok()) << claim.status();
    EXPECT_EQ(claim->ReleaseTime(), std::nullopt) << policy;
  }
}

TEST(VpcIpClaimTest, IsReleasedWhenItsTimeIsOverAndNeverWhileAttached) {
  VpcIpClaim claim = SomeClaim();
  EXPECT_EQ(claim.ReleaseTime(), absl::FromUnixSeconds(1767323045 + 4220));
  claim.attached = true;
  EXPECT_EQ(claim.ReleaseTime(), std::nullopt);
  claim.attached = false;
  claim.last_detached = std::nullopt;
  EXPECT_EQ(claim.ReleaseTime(), std::nullopt);
}

TEST(PodNetworkingTest, HasItsSubnetsAndHowToChoose) {
  const auto networking = DecodePodNetworking(Parse(R"({
    "metadata": {"name": "default"},
    "spec": {"subnetIds": ["subnet-1", "subnet-2"], "strategy": "balanced",
             "securityGroupIds": ["secgroup-1"],
             "natGWOutgoingEnabled": true}})"));
  ASSERT_TRUE(networking.ok()) << networking.status();
  EXPECT_THAT(networking->subnet_ids, ElementsAre("subnet-1", "subnet-2"));
  EXPECT_THAT(networking->security_group_ids, ElementsAre("secgroup-1"));
  EXPECT_EQ(networking->strategy, PodNetworking::Strategy::kBalanced);
  EXPECT_TRUE(networking->nat_gateway_outgoing);
}

TEST(PodNetworkingTest, TakesTheSubnetsInTurnByDefault) {
  const auto networking =
      DecodePodNetworking(Parse(R"({"metadata":{"name":"x"}})"));
  ASSERT_TRUE(networking.ok());
  EXPECT_EQ(networking->strategy, PodNetworking::Strategy::kSequential);
}

}  // namespace
}  // namespace kube
