#include "applets/ipamd/networking_lab.h"

namespace applets::ipamd {
namespace {

// --- which one a pod has

TEST_F(NetworkingTest, WithoutPodNetworkingsEveryPodIsOfTheNodesSubnet) {
  ExpectPool(PodWith({}), kOwn);
  EXPECT_FALSE(networking_.MayNeedOther());
}

TEST_F(NetworkingTest, TheDefaultIsForPodsThatNameNone) {
  See(Named("default", {"subnet-red"}));
  Open(kRed);
  ExpectPool(PodWith({}), kRed);
  EXPECT_TRUE(networking_.IsElsewhere(PodWith({})));
  EXPECT_TRUE(networking_.MayNeedOther());
}

TEST_F(NetworkingTest, AnotherThanTheDefaultIsOnlyForPodsThatNameIt) {
  See(Named("red", {"subnet-red"}));
  Open(kRed);
  ExpectPool(PodWith({}), kOwn);
  EXPECT_FALSE(networking_.IsElsewhere(PodWith({})));
}

TEST_F(NetworkingTest, TheAnnotationComesBeforeTheDefault) {
  See(Named("default", {"subnet-red"}));
  See(Named("blue", {"subnet-blue"}));
  Open(kRed);
  Open(kBlue);
  ExpectPool(Asking("blue"), kBlue);
}

TEST_F(NetworkingTest, ADisabledOneIsNone) {
  See(Named("default", {"subnet-red"}));
  Open(kRed);
  ExpectPool(PodWith({{kube::kNoPodNetworkingAnnotation, "true"},
                      {kube::kPodNetworkingAnnotation, "default"}}),
             kOwn);
  ExpectPool(PodWith({{kube::kNoPodNetworkingAnnotation, "false"}}), kRed);
}

TEST_F(NetworkingTest, APodOnTheHostsNetworkHasNone) {
  See(Named("default", {"subnet-red"}));
  kube::Pod pod = PodWith({});
  pod.host_network = true;
  ExpectPool(pod, kOwn);
  EXPECT_TRUE(Opened(pod).empty());
}

TEST_F(NetworkingTest, ANameThatDoesNotExistIsRefused) {
  See(Named("default", {"subnet-red"}));
  const auto choice = Choose(Asking("green"));
  ExpectRefused(choice, absl::StatusCode::kFailedPrecondition,
                Reason::kNetworkingMissing);
  EXPECT_NE(choice.status.message().find("\"green\""), std::string::npos);
  EXPECT_TRUE(networking_.IsElsewhere(Asking("green")));
}

TEST_F(NetworkingTest, TheNodesOwnSubnetIsServedByTheNodesOwnInterface) {
  See(Named("own", {"subnet-own"}));
  ExpectPool(Asking("own"), kOwn);
  EXPECT_FALSE(networking_.IsElsewhere(Asking("own")));
}

TEST_F(NetworkingTest, TheNodesOwnSubnetWithGroupsHasAnInterfaceOfItsOwn) {
  PodNetworking own = Named("own", {"subnet-own"});
  own.security_group_ids = {"group"};
  See(own);
  ExpectWait(Asking("own"), Realm({"subnet-own", {"group"}}));
}

TEST_F(NetworkingTest, WhatIsAskedOfANatGatewayIsRefused) {
  PodNetworking red = Named("red", {"subnet-red"});
  red.nat_gateway_outgoing = true;
  See(red);
  ExpectRefused(Choose(Asking("red")), absl::StatusCode::kFailedPrecondition,
                Reason::kUnsupported);
  EXPECT_TRUE(Opened(Asking("red")).empty());
}

TEST_F(NetworkingTest, OneWithoutSubnetsOrWithOddOnesIsRefused) {
  See(Named("none", {}));
  See(Named("odd", {"../subnet"}));
  for (const char* name : {"none", "odd"}) {
    ExpectRefused(Choose(Asking(name)), absl::StatusCode::kFailedPrecondition,
                  Reason::kNetworkingMissing);
  }
}

// --- when not all is known

TEST_F(NetworkingTest, UntilAllAreKnownAnUnknownNameMayExist) {
  const Networking fresh(kOwn.subnet, false);
  ExpectRefused(fresh.Choose(Asking("red"), Supplies(), now_),
                absl::StatusCode::kUnavailable, Reason::kNetworkingUnknown);
  EXPECT_EQ(fresh.Choose(PodWith({}), Supplies(), now_).realm, kOwn);
}

TEST_F(NetworkingTest, WhereThereWereSomeADefaultMayExistUntilAllAreKnown) {
  Networking later(kOwn.subnet, true);
  EXPECT_TRUE(later.MayNeedOther());
  ExpectRefused(later.Choose(PodWith({}), Supplies(), now_),
                absl::StatusCode::kUnavailable, Reason::kNetworkingUnknown);
  later.SetComplete();
  EXPECT_EQ(later.Choose(PodWith({}), Supplies(), now_).realm, kOwn);
  EXPECT_FALSE(later.MayNeedOther());
}

TEST_F(NetworkingTest, APodThatNobodyHasToldMayHaveOneIfThereAreAny) {
  EXPECT_EQ(networking_.ChooseUnseen().way, Way::kPool);
  See(Named("red", {"subnet-red"}));
  ExpectRefused(networking_.ChooseUnseen(), absl::StatusCode::kUnavailable,
                Reason::kNetworkingUnknown);
}

// --- which subnet

TEST_F(NetworkingTest, ASubnetIsOpenedForItsFirstPod) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  ExpectWait(Asking("red"), kRed);
  EXPECT_EQ(Opened(Asking("red")), (std::vector<Realm>{kRed}));
  networking_.OnOpening(kRed);
  ExpectWait(Asking("red"), kRed);
  EXPECT_TRUE(Opened(Asking("red")).empty());
  Open(kRed);
  ExpectPool(Asking("red"), kRed);
}

TEST_F(NetworkingTest, NothingIsOpenedForPodsOfTheNodesSubnet) {
  See(Named("red", {"subnet-red"}));
  EXPECT_TRUE(Opened(PodWith({})).empty());
}

TEST_F(NetworkingTest, TheFirstSubnetIsUsedWhileItHasAddresses) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  Open(kRed, {.warm = 1, .exhausted = true});
  Open(kBlue, {.warm = 9});
  ExpectPool(Asking("red"), kRed);
}

TEST_F(NetworkingTest, APoolThatIsBeingFilledIsWaitedFor) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  Open(kRed, {.warm = 0});
  Open(kBlue, {.warm = 9});
  ExpectPool(Asking("red"), kRed);
}

TEST_F(NetworkingTest, TheNextSubnetIsUsedWhenTheFirstIsExhausted) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  Open(kRed, {.exhausted = true});
  ExpectWait(Asking("red"), kBlue);
  EXPECT_EQ(Opened(Asking("red")), (std::vector<Realm>{kBlue}));
  Open(kBlue);
  ExpectPool(Asking("red"), kBlue);
  supply_[kRed] = {.warm = 1};
  ExpectPool(Asking("red"), kRed);
}

TEST_F(NetworkingTest, WhenAllAreExhaustedThePodIsToldSo) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  Open(kRed, {.exhausted = true});
  Open(kBlue, {.exhausted = true});
  const auto choice = Choose(Asking("red"));
  ExpectRefused(choice, absl::StatusCode::kResourceExhausted,
                Reason::kSubnetExhausted);
  EXPECT_NE(choice.status.message().find("subnet-blue is full"),
            std::string::npos);
}

TEST_F(NetworkingTest, WhatCannotBeOpenedIsPassedOverUntilItIsTriedAgain) {
  See(Named("red", {"subnet-red", "subnet-blue"}));
  networking_.OnOpening(kRed);
  networking_.OnFailed(kRed, absl::NotFoundError("no such subnet"), now_);
  ExpectWait(Asking("red"), kBlue);
  EXPECT_EQ(Opened(Asking("red")), (std::vector<Realm>{kBlue}));
  now_ = networking_.deadline(now_);
  EXPECT_EQ(Opened(Asking("red")), (std::vector<Realm>{kRed}));
}

TEST_F(NetworkingTest, WhenNoneCanBeOpenedThePodIsToldWhy) {
  See(Named("red", {"subnet-red"}));
  networking_.OnFailed(kRed, absl::NotFoundError("no such subnet"), now_);
  const auto choice = Choose(Asking("red"));
  ExpectRefused(choice, absl::StatusCode::kUnavailable,
                Reason::kInterfaceUnavailable);
  EXPECT_NE(choice.status.message().find("no such subnet"), std::string::npos);
}

TEST_F(NetworkingTest, AttemptsToOpenGrowRarer) {
  See(Named("red", {"subnet-red"}));
  absl::Duration last = absl::ZeroDuration();
  for (int i = 0; i < 20; ++i) {
    networking_.OnFailed(kRed, absl::UnavailableError("down"), now_);
    const absl::Duration pause = networking_.deadline(now_) - now_;
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, Networking::kMaxBackoff);
    last = pause;
    now_ += pause;
  }
  EXPECT_EQ(last, Networking::kMaxBackoff);
}

TEST_F(NetworkingTest, BalancedUsesTheOneWithTheMostToSpare) {
  See(Named("both", {"subnet-red", "subnet-blue"}, Strategy::kBalanced));
  Open(kRed, {.warm = 2});
  Open(kBlue, {.warm = 5});
  ExpectPool(Asking("both"), kBlue);
  supply_[kBlue] = {.warm = 1};
  ExpectPool(Asking("both"), kRed);
  supply_[kBlue] = {.warm = 2};
  ExpectPool(Asking("both"), kRed);
}

TEST_F(NetworkingTest, BalancedOpensAllSubnetsAndWaitsForNoneItNeedsNot) {
  See(Named("both", {"subnet-red", "subnet-blue"}, Strategy::kBalanced));
  ExpectWait(Asking("both"), kRed);
  EXPECT_EQ(Opened(Asking("both")), (std::vector<Realm>{kBlue, kRed}));
  networking_.OnOpening(kRed);
  Open(kBlue);
  ExpectPool(Asking("both"), kBlue);
}

TEST_F(NetworkingTest, BalancedFallsBackToo) {
  See(Named("both", {"subnet-red", "subnet-blue"}, Strategy::kBalanced));
  Open(kRed, {.exhausted = true});
  Open(kBlue, {.warm = 0});
  ExpectPool(Asking("both"), kBlue);
}

}  // namespace
}  // namespace applets::ipamd
