#include "vpc/ucloud/provider.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/client_lab.h"

namespace vpc::ucloud {
namespace {

using absl::StatusCode;
using base::Ipv4;
using base::LabAnswer;
using testing::ElementsAre;
using testing::HasSubstr;
using Fields = std::map<std::string, std::string>;

const base::Mac kMac({0x52, 0x54, 0x00, 0xab, 0xcd, 0x01});
const base::Mac kOther({0x52, 0x54, 0x00, 0xab, 0xcd, 0x02});
const base::Mac kThird({0x52, 0x54, 0x00, 0xab, 0xcd, 0x03});

// The host that testdata/vpc/answers are about.
Place Here() {
  return {.region = "cn-bj2",
          .zone = "cn-bj2-04",
          .project_id = "org-1",
          .vpc_id = "uvnet-m3k1p2aa",
          .subnet_id = "subnet-2kgf3xqw",
          .object_id = "uni-1",
          .mac = kMac};
}

Ipv4 Ip(const char* text) { return *Ipv4::Parse(text); }

// DescribeSecondaryIp's answer about 10.9.4.17, of that MAC.
LabAnswer OwnedBy(const base::Mac& mac) {
  return Body(absl::StrCat(
      R"({"RetCode":0,"DataSet":[{"Ip":"10.9.4.17","Mask":"255.255.0.0",)",
      R"("Gateway":"10.9.0.1","SubnetId":"subnet-2kgf3xqw","VPCId":"v","Mac":")",
      mac.ToString(), R"("}]})"));
}
LabAnswer OwnedByNobody() { return Recorded("describe-ip-none"); }

// A recorded answer, in which the other interface stands for ours.
LabAnswer OfTheOther(absl::string_view name) {
  LabAnswer answer = Recorded(name);
  absl::StrReplaceAll({{"AB:CD:01", "AB:CD:02"}, {"ab:cd:01", "ab:cd:02"}},
                      &answer.body);
  return answer;
}

class ProviderTest : public ClientTest {
 protected:
  InterfaceProvider Open(ProviderOptions options = {}) {
    ClientOptions client = Options();
    client.project_id = "org-1";
    auto access = Access::Open(
        {.role = "",
         .environment_file = "",
         .variables = {{"UCLOUD_API_PUBKEY", "p"}, {"UCLOUD_API_PRIKEY", "q"}},
         .client = client,
         .budget = Plenty()});
    EXPECT_TRUE(access.ok()) << access.status();
    return InterfaceProvider(*access, Here(), options);
  }
  // Of the n-th request, from 0.
  Fields Sent(size_t n) const { return FormOf(lab_.requests().at(n)); }
  std::string ActionsSent() const {
    std::string actions;
    for (const base::LabRequest& request : lab_.requests()) {
      absl::StrAppend(&actions, actions.empty() ? "" : " ",
                      FormOf(request).at("Action"));
    }
    return actions;
  }
};

// --- Allocate

TEST_F(ProviderTest, SeveralAddressesAreOneCall) {
  Script({Recorded("batch")});
  auto provider = Open();
  const auto given = provider.Allocate(3, Priority::kFill);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_THAT(*given,
              ElementsAre(Ip("10.9.4.17"), Ip("10.9.4.18"), Ip("10.9.4.19")));
  ASSERT_EQ(ActionsSent(), "AllocateBatchSecondaryIp");
  const Fields form = Sent(0);
  EXPECT_EQ(form.at("Count"), "3");
  EXPECT_EQ(form.at("Mac"), "52:54:00:AB:CD:01");
  EXPECT_EQ(form.at("ObjectId"), "uni-1");
  EXPECT_EQ(form.at("SubnetId"), "subnet-2kgf3xqw");
  EXPECT_EQ(form.at("VPCId"), "uvnet-m3k1p2aa");
  EXPECT_EQ(form.at("Zone"), "cn-bj2-04");
  EXPECT_EQ(form.at("Region"), "cn-bj2");
  EXPECT_EQ(form.at("ProjectId"), "org-1");
}

TEST_F(ProviderTest, OneAddressIsTheSingleAction) {
  Script({Recorded("allocate")});
  auto provider = Open();
  EXPECT_THAT(*provider.Allocate(1, Priority::kPod),
              ElementsAre(Ip("10.9.4.17")));
  EXPECT_EQ(ActionsSent(), "AllocateSecondaryIp");
}

TEST_F(ProviderTest, NoneIsNoCall) {
  Script({Recorded("allocate")});
  auto provider = Open();
  EXPECT_THAT(*provider.Allocate(0, Priority::kFill), ElementsAre());
  EXPECT_EQ(ActionsSent(), "");
}

TEST_F(ProviderTest, NoMoreAreAskedForThanTheApiGives) {
  Script({Recorded("batch")});
  auto provider = Open();
  ASSERT_TRUE(provider.Allocate(1000, Priority::kFill).ok());
  EXPECT_EQ(Sent(0).at("Count"), "100");
}

TEST_F(ProviderTest, OfABatchThoseThatSucceededAreTaken) {
  Script({Recorded("batch-partial")});
  auto provider = Open();
  EXPECT_THAT(*provider.Allocate(3, Priority::kFill),
              ElementsAre(Ip("10.9.4.17")));
}

TEST_F(ProviderTest, ABatchOfWhichNoneSucceededIsARefusal) {
  Script({Body(R"({"RetCode":0,"IpsInfo":[{"Ip":"","Status":)"
               R"({"StatusCode":"Failed","Message":"busy"}}]})")});
  auto provider = Open();
  const auto given = provider.Allocate(3, Priority::kFill);
  EXPECT_EQ(given.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(given.status().message()), HasSubstr("busy"));
}

TEST_F(ProviderTest, AFullSubnetIsResourceExhausted) {
  Script({Recorded("error-full")});
  auto provider = Open();
  EXPECT_EQ(provider.Allocate(3, Priority::kFill).status().code(),
            StatusCode::kResourceExhausted);
}

TEST_F(ProviderTest, WhereBatchesAreRefusedAddressesComeOneByOne) {
  Script({RetCode(161), Recorded("allocate")});
  auto provider = Open();
  EXPECT_THAT(*provider.Allocate(3, Priority::kFill),
              ElementsAre(Ip("10.9.4.17")));
  EXPECT_TRUE(provider.Allocate(3, Priority::kFill).ok());
  EXPECT_EQ(ActionsSent(),
            "AllocateBatchSecondaryIp AllocateSecondaryIp AllocateSecondaryIp");
}

TEST_F(ProviderTest, WhenOneByOneIsRefusedTooBatchesStay) {
  Script({RetCode(299), RetCode(299), Recorded("batch")});
  auto provider = Open();
  EXPECT_EQ(provider.Allocate(3, Priority::kFill).status().code(),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(provider.Allocate(3, Priority::kFill)->size(), 3U);
  EXPECT_EQ(ActionsSent(),
            "AllocateBatchSecondaryIp AllocateSecondaryIp "
            "AllocateBatchSecondaryIp");
}

TEST_F(ProviderTest, AnAddressOfAnotherMacIsNotUsedButGivenBack) {
  LabAnswer answer = Recorded("batch");
  absl::StrReplaceAll({{"52:54:00:ab:cd:01", "52:54:00:ab:cd:02"}},
                      &answer.body);
  Script({answer, Recorded("delete")});
  auto provider = Open();
  EXPECT_THAT(*provider.Allocate(3, Priority::kFill),
              ElementsAre(Ip("10.9.4.17"), Ip("10.9.4.18")));
  ASSERT_EQ(ActionsSent(), "AllocateBatchSecondaryIp DeleteSecondaryIp");
  EXPECT_EQ(Sent(1).at("Ip"), "10.9.4.19");
  // From the own interface: the other's may be a pod's.
  EXPECT_EQ(Sent(1).at("Mac"), "52:54:00:AB:CD:01");
}

TEST_F(ProviderTest, WhenAllAreAnotherMacsNoneIsUsed) {
  Script({OfTheOther("allocate"), Recorded("delete")});
  auto provider = Open();
  const auto given = provider.Allocate(1, Priority::kPod);
  EXPECT_EQ(given.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(given.status().message()),
              HasSubstr("52:54:00:ab:cd:02"));
}

TEST_F(ProviderTest, AnUnknownOutcomeIsUnavailableOrDeadlineExceeded) {
  Script({Reset()});
  auto provider = Open();
  EXPECT_EQ(provider.Allocate(2, Priority::kFill).status().code(),
            StatusCode::kUnavailable);
  Script({RetCode(110)});
  EXPECT_EQ(provider.Allocate(2, Priority::kFill).status().code(),
            StatusCode::kDeadlineExceeded);
}

TEST_F(ProviderTest, WhatHasCertainlyNotBeenDoneIsAborted) {
  Script({RetCode(153)});
  auto provider = Open();
  EXPECT_EQ(provider.Allocate(2, Priority::kFill).status().code(),
            StatusCode::kAborted);
  EXPECT_EQ(provider.Release(Ip("10.9.4.17")).code(), StatusCode::kAborted);
}

// --- Claim

TEST_F(ProviderTest, ClaimAsksForThatAddress) {
  Script({Recorded("allocate")});
  auto provider = Open();
  EXPECT_TRUE(provider.Claim(Ip("10.9.4.17")).ok());
  EXPECT_EQ(ActionsSent(), "AllocateSecondaryIp");
  EXPECT_EQ(Sent(0).at("Ip"), "10.9.4.17");
}

TEST_F(ProviderTest, ClaimOfAnOwnAddressIsOk) {
  Script({RetCode(58222), OwnedBy(kMac)});
  auto provider = Open();
  EXPECT_TRUE(provider.Claim(Ip("10.9.4.17")).ok());
  EXPECT_EQ(ActionsSent(), "AllocateSecondaryIp DescribeSecondaryIp");
}

TEST_F(ProviderTest, ClaimOfAnothersAddressIsAlreadyExists) {
  Script({RetCode(58222), OwnedBy(kOther)});
  auto provider = Open();
  const absl::Status status = provider.Claim(Ip("10.9.4.17"));
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("52:54:00:ab:cd:02"));
}

TEST_F(ProviderTest, ClaimRefusedForAnotherReasonStaysRefused) {
  Script({RetCode(58223), OwnedByNobody()});
  auto provider = Open();
  EXPECT_EQ(provider.Claim(Ip("10.9.4.17")).code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(ProviderTest, ClaimWithAnUnknownOutcomeIsAskedFor) {
  Script({Reset(), Reset(), Reset(), Reset(), OwnedBy(kMac)});
  auto provider = Open();
  EXPECT_TRUE(provider.Claim(Ip("10.9.4.17")).ok());
}

TEST_F(ProviderTest, ClaimThatNobodyKnowsOfStaysUnknown) {
  Script({Reset(), Reset(), Reset(), Reset(), OwnedByNobody()});
  auto provider = Open();
  EXPECT_EQ(provider.Claim(Ip("10.9.4.17")).code(), StatusCode::kUnavailable);
}

TEST_F(ProviderTest, ClaimAnsweredWithAnotherMacIsAskedForAndNotGivenBack) {
  Script({OfTheOther("allocate"), OwnedBy(kMac)});
  auto provider = Open();
  EXPECT_TRUE(provider.Claim(Ip("10.9.4.17")).ok());
  EXPECT_EQ(ActionsSent(), "AllocateSecondaryIp DescribeSecondaryIp");
}

TEST_F(ProviderTest, ClaimThatGaveAnotherAddressGivesItBack) {
  Script({Recorded("allocate"), Recorded("delete")});
  auto provider = Open();
  EXPECT_EQ(provider.Claim(Ip("10.9.4.99")).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Sent(1).at("Ip"), "10.9.4.17");
}

TEST_F(ProviderTest, ClaimInAFullSubnetAsksNobodyElse) {
  Script({Recorded("error-full")});
  auto provider = Open();
  EXPECT_EQ(provider.Claim(Ip("10.9.4.17")).code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(ActionsSent(), "AllocateSecondaryIp");
}

// --- TakeOver

TEST_F(ProviderTest, TakeOverMoves) {
  Script({Recorded("move")});
  auto provider = Open();
  EXPECT_TRUE(provider.TakeOver(Ip("10.9.4.17"), kOther).ok());
  ASSERT_EQ(ActionsSent(), "MoveSecondaryIPMac");
  EXPECT_EQ(Sent(0).at("OldMac"), "52:54:00:AB:CD:02");
  EXPECT_EQ(Sent(0).at("NewMac"), "52:54:00:AB:CD:01");
  EXPECT_EQ(Sent(0).at("Ip"), "10.9.4.17");
  EXPECT_EQ(Sent(0).at("SubnetId"), "subnet-2kgf3xqw");
}

TEST_F(ProviderTest, TakeOverOfWhatIsOursAlreadyIsOk) {
  Script({Recorded("error-no-address"), OwnedBy(kMac)});
  auto provider = Open();
  EXPECT_TRUE(provider.TakeOver(Ip("10.9.4.17"), kOther).ok());
}

TEST_F(ProviderTest, TakeOverOfWhatTheyHaveNotIsNotFound) {
  auto provider = Open();
  Script({Recorded("error-no-address"), OwnedByNobody()});
  EXPECT_EQ(provider.TakeOver(Ip("10.9.4.17"), kOther).code(),
            StatusCode::kNotFound);
  Script({Recorded("error-no-address"), OwnedBy(kThird)});
  EXPECT_EQ(provider.TakeOver(Ip("10.9.4.17"), kOther).code(),
            StatusCode::kNotFound);
}

TEST_F(ProviderTest, TakeOverWhereReadsLagIsUnknown) {
  Script({Recorded("error-no-address"), OwnedBy(kOther)});
  auto provider = Open();
  EXPECT_EQ(provider.TakeOver(Ip("10.9.4.17"), kOther).code(),
            StatusCode::kUnavailable);
}

TEST_F(ProviderTest, TakeOverWithAnUnknownOutcomeIsAskedForOnce) {
  auto provider = Open();
  Script({Reset(), OwnedBy(kMac)});
  EXPECT_TRUE(provider.TakeOver(Ip("10.9.4.17"), kOther).ok());
  EXPECT_EQ(ActionsSent(), "MoveSecondaryIPMac DescribeSecondaryIp");
  Script({Reset(), OwnedBy(kOther)});
  EXPECT_EQ(provider.TakeOver(Ip("10.9.4.17"), kOther).code(),
            StatusCode::kUnavailable);
}

TEST_F(ProviderTest, TakeOverRefusedForAnotherReasonStaysRefused) {
  Script({RetCode(58224), OwnedBy(kOther)});
  auto provider = Open();
  EXPECT_EQ(provider.TakeOver(Ip("10.9.4.17"), kOther).code(),
            StatusCode::kFailedPrecondition);
}

// --- Release

TEST_F(ProviderTest, ReleaseDeletesFromTheOwnInterface) {
  Script({Recorded("delete")});
  auto provider = Open();
  EXPECT_TRUE(provider.Release(Ip("10.9.4.17")).ok());
  ASSERT_EQ(ActionsSent(), "DeleteSecondaryIp");
  EXPECT_EQ(Sent(0).at("Ip"), "10.9.4.17");
  EXPECT_EQ(Sent(0).at("Mac"), "52:54:00:AB:CD:01");
  EXPECT_EQ(Sent(0).at("ObjectId"), "uni-1");
}

TEST_F(ProviderTest, ReleaseOfWhatIsGoneIsOk) {
  Script({Recorded("error-no-address")});
  auto provider = Open();
  EXPECT_TRUE(provider.Release(Ip("10.9.4.17")).ok());
}

TEST_F(ProviderTest, WhatADeadNodeHasIsGivenBackByItsMac) {
  Script({Recorded("delete"), Recorded("error-no-address")});
  auto provider = Open();
  const Holding holding = {Ip("10.9.4.17"), kOther, "subnet-2", "", "zone-2"};
  EXPECT_TRUE(provider.ReleaseFor(holding).ok());
  EXPECT_TRUE(provider.ReleaseFor(holding).ok());
  EXPECT_EQ(Sent(0).at("Mac"), "52:54:00:AB:CD:02");
  EXPECT_EQ(Sent(0).at("SubnetId"), "subnet-2");
  EXPECT_EQ(Sent(0).at("Zone"), "zone-2");
  EXPECT_FALSE(Sent(0).contains("ObjectId"));
}

TEST_F(ProviderTest, TheNodesOwnAddressIsNeverGivenBack) {
  Script({Recorded("delete")});
  auto provider = Open({.own_address = Ip("10.9.0.5")});
  EXPECT_EQ(provider.Release(Ip("10.9.0.5")).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ActionsSent(), "");
}

// --- List and Describe

LabAnswer Listed(const std::string& more) {
  return Body(absl::StrCat(R"({"RetCode":0,"DataSet":[)",
                           R"({"Ip":"10.9.4.18","Mac":"52:54:00:AB:CD:01",)",
                           R"("SubnetId":"subnet-2kgf3xqw"},)",
                           R"({"Ip":"10.9.4.17","Mac":"52:54:00:AB:CD:01",)",
                           R"("SubnetworkId":"subnet-2kgf3xqw"})", more, "]}"));
}

TEST_F(ProviderTest, ListIsOneCallByMac) {
  Script({Listed("")});
  auto provider = Open();
  EXPECT_THAT(*provider.List(), ElementsAre(Ip("10.9.4.17"), Ip("10.9.4.18")));
  ASSERT_EQ(ActionsSent(), "DescribeSecondaryIp");
  EXPECT_EQ(Sent(0).at("Mac"), "52:54:00:AB:CD:01");
  EXPECT_EQ(Sent(0).count("Ip"), 0U);
}

TEST_F(ProviderTest, ListLeavesOutTheNodesOwnAddress) {
  Script({Listed(R"(,{"Ip":"10.9.0.5","Mac":"52:54:00:AB:CD:01"})")});
  auto provider = Open({.own_address = Ip("10.9.0.5")});
  EXPECT_EQ(provider.List()->size(), 2U);
}

TEST_F(ProviderTest, AListWithAnotherMacIsNoList) {
  Script({Listed(R"(,{"Ip":"10.9.4.19","Mac":"52:54:00:AB:CD:02"})")});
  auto provider = Open();
  EXPECT_EQ(provider.List().status().code(), StatusCode::kInternal);
}

TEST_F(ProviderTest, DescribesItsSubnet) {
  Script({Recorded("subnet")});
  auto provider = Open();
  const auto subnet = provider.Describe();
  ASSERT_TRUE(subnet.ok()) << subnet.status();
  EXPECT_EQ(subnet->id, "subnet-2kgf3xqw");
  EXPECT_EQ(subnet->prefix.ToString(), "10.9.0.0/16");
  EXPECT_EQ(subnet->available, 65211);
}

TEST_F(ProviderTest, ASubnetThatIsNotDescribedIsNotFound) {
  Script({Body(R"({"RetCode":0,"TotalCount":0,"DataSet":[]})")});
  auto provider = Open();
  EXPECT_EQ(provider.Describe().status().code(), StatusCode::kNotFound);
}

// --- Access

TEST_F(ProviderTest, CallsAreCountedOverAllProviders) {
  Script({Recorded("move")});
  auto provider = Open();
  ASSERT_TRUE(provider.TakeOver(Ip("10.9.4.17"), kOther).ok());
  const Usage usage = provider.usage();
  EXPECT_EQ(usage.calls.at({"MoveSecondaryIPMac", "0"}).count, 1U);
  EXPECT_EQ(usage.circuit, "closed");
}

TEST(AccessTest, EndpointsMustBeHttp) {
  EXPECT_TRUE(CheckEndpoint("https://api.ucloud.cn").ok());
  EXPECT_TRUE(CheckEndpoint("http://127.0.0.1:18080").ok());
  EXPECT_EQ(CheckEndpoint("api.ucloud.cn").code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckEndpoint("https://").code(), StatusCode::kInvalidArgument);
}

TEST(AccessTest, HalfAPairOfKeysIsAMistake) {
  const auto access =
      Access::Open({.variables = {{"UCLOUD_API_PUBKEY", "public"}}});
  EXPECT_EQ(access.status().code(), StatusCode::kInvalidArgument);
}

TEST(AccessTest, ABudgetThatMakesNoSenseIsRefused) {
  EXPECT_EQ(Access::Open({.budget = {.rate_per_second = 0}}).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vpc::ucloud
