#include "applets/ipamd/networking_lab.h"

namespace applets::ipamd {
namespace {

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
