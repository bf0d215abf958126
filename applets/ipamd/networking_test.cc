#include "applets/ipamd/networking.h"

#include <map>

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using kube::PodNetworking;
using pool::Reason;
using Way = Networking::Choice::Way;
using Strategy = PodNetworking::Strategy;

const Realm kOwn = {"subnet-own", {}};
const Realm kRed = {"subnet-red", {}};
const Realm kBlue = {"subnet-blue", {}};
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

kube::Pod PodWith(std::map<std::string, std::string> annotations) {
  kube::Pod pod;
  pod.meta.key = {"shop", "web-0"};
  pod.meta.annotations = std::move(annotations);
  return pod;
}

kube::Pod Asking(const std::string& name) {
  return PodWith({{kube::kPodNetworkingAnnotation, name}});
}

PodNetworking Named(const std::string& name, std::vector<std::string> subnets,
                    Strategy strategy = Strategy::kSequential) {
  PodNetworking networking;
  networking.meta.key.name = name;
  networking.subnet_ids = std::move(subnets);
  networking.strategy = strategy;
  return networking;
}

class NetworkingTest : public testing::Test {
 protected:
  NetworkingTest() { networking_.SetComplete(); }

  void See(const PodNetworking& networking) {
    networking_.Take({{networking.meta.key.name, networking}});
  }
  void Forget(const std::string& name) {
    networking_.Take({{name, std::nullopt}});
  }
  void Open(const Realm& realm, Networking::Supply supply = {.warm = 1}) {
    networking_.OnOpened(realm);
    supply_[realm] = supply;
  }
  Networking::Supplies Supplies() {
    return [this](const Realm& realm) { return supply_[realm]; };
  }
  Networking::Choice Choose(const kube::Pod& pod) {
    return networking_.Choose(pod, Supplies(), now_);
  }
  void ExpectPool(const kube::Pod& pod, const Realm& realm) {
    const auto choice = Choose(pod);
    EXPECT_EQ(choice.way, Way::kPool) << choice.status;
    EXPECT_EQ(choice.realm, realm) << choice.realm.Name();
  }
  void ExpectWait(const kube::Pod& pod, const Realm& realm) {
    const auto choice = Choose(pod);
    EXPECT_EQ(choice.way, Way::kWait) << choice.status;
    EXPECT_EQ(choice.realm, realm) << choice.realm.Name();
  }
  void ExpectRefused(const Networking::Choice& choice, absl::StatusCode code,
                     Reason reason) {
    EXPECT_EQ(choice.way, Way::kRefused);
    EXPECT_EQ(choice.status.code(), code) << choice.status;
    EXPECT_EQ(choice.reason, reason) << pool::NameOf(choice.reason);
  }
  std::vector<Realm> Opened(const kube::Pod& pod) {
    return networking_.DecideOpen({&pod}, Supplies(), now_);
  }
  std::vector<Realm> Closed() {
    return networking_.DecideClose(Supplies(), now_);
  }

  absl::Time now_ = kStart;
  std::map<Realm, Networking::Supply> supply_;
  Networking networking_{kOwn.subnet, false, absl::Minutes(2)};
};

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

// --- interfaces

TEST_F(NetworkingTest, TwoWithTheSameSubnetAndGroupsShareAnInterface) {
  PodNetworking one = Named("one", {"subnet-red"});
  one.security_group_ids = {"a", "b"};
  PodNetworking two = Named("two", {"subnet-red"});
  two.security_group_ids = {"b", "a"};
  See(one);
  See(two);
  EXPECT_EQ(Choose(Asking("one")).realm, Choose(Asking("two")).realm);
}

TEST_F(NetworkingTest, TwoWithOtherGroupsHaveOneEach) {
  PodNetworking two = Named("two", {"subnet-red"});
  two.security_group_ids = {"group"};
  See(Named("one", {"subnet-red"}));
  See(two);
  ExpectWait(Asking("one"), kRed);
  ExpectWait(Asking("two"), Realm({"subnet-red", {"group"}}));
}

TEST_F(NetworkingTest, AnInterfaceStaysWhileItsPodNetworkingDoes) {
  See(Named("red", {"subnet-red"}));
  Open(kRed);
  now_ += absl::Hours(1);
  EXPECT_TRUE(Closed().empty());
  EXPECT_EQ(networking_.deadline(now_), absl::InfiniteFuture());
}

TEST_F(NetworkingTest, AnInterfaceOfADeletedOneStaysWhilePodsUseIt) {
  See(Named("red", {"subnet-red"}));
  Open(kRed, {.in_use = true});
  Forget("red");
  EXPECT_TRUE(Closed().empty());
  now_ += absl::Hours(1);
  EXPECT_TRUE(Closed().empty());
}

TEST_F(NetworkingTest, AndLingersWhenTheyAreGone) {
  See(Named("red", {"subnet-red"}));
  Open(kRed);
  Forget("red");
  EXPECT_TRUE(Closed().empty());
  EXPECT_EQ(networking_.deadline(now_), now_ + absl::Minutes(2));
  now_ += absl::Minutes(2);
  EXPECT_EQ(Closed(), (std::vector<Realm>{kRed}));
  networking_.OnClosing(kRed);
  EXPECT_TRUE(Closed().empty());
}

TEST_F(NetworkingTest, OneThatIsNamedAgainMeanwhileStays) {
  See(Named("red", {"subnet-red"}));
  Open(kRed);
  Forget("red");
  Closed();
  now_ += absl::Minutes(1);
  See(Named("again", {"subnet-red"}));
  Closed();
  now_ += absl::Minutes(1);
  EXPECT_TRUE(Closed().empty());
}

TEST_F(NetworkingTest, ASubnetThatIsTakenOutIsLeftWhenItsPodsAreGone) {
  See(Named("red", {"subnet-red"}));
  Open(kRed, {.warm = 1, .in_use = true});
  See(Named("red", {"subnet-blue"}));
  ExpectWait(Asking("red"), kBlue);
  EXPECT_TRUE(Closed().empty());
  supply_[kRed].in_use = false;
  Closed();
  now_ += absl::Minutes(2);
  EXPECT_EQ(Closed(), (std::vector<Realm>{kRed}));
}

TEST_F(NetworkingTest, NothingIsClosedBeforeAllAreKnown) {
  Networking fresh(kOwn.subnet, true, absl::ZeroDuration());
  fresh.OnOpened(kRed);
  EXPECT_TRUE(fresh.DecideClose(Supplies(), now_).empty());
  fresh.SetComplete();
  EXPECT_EQ(fresh.DecideClose(Supplies(), now_), (std::vector<Realm>{kRed}));
}

TEST_F(NetworkingTest, OneThatIsBeingClosedIsOpenedAgainAfterwards) {
  See(Named("red", {"subnet-red"}));
  Open(kRed);
  networking_.OnClosing(kRed);
  ExpectWait(Asking("red"), kRed);
  EXPECT_TRUE(Opened(Asking("red")).empty());
  networking_.OnClosed(kRed);
  EXPECT_EQ(Opened(Asking("red")), (std::vector<Realm>{kRed}));
}

}  // namespace
}  // namespace applets::ipamd
