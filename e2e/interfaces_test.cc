// A node's further interfaces by the client's rules, against vpcsim over real
// sockets, with what may go wrong in a cloud: never two of one name, and none
// left behind.
#include "vpc/ucloud/interfaces.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "e2e/cloud.h"
#include "e2e/cloud_access.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/metadata_service.h"
#include "vpc/ucloud/place.h"
#include "vpc/ucloud/provider.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using vpc::InterfaceWish;
using vpc::ucloud::Access;
using vpc::ucloud::AccessOptions;
using vpc::ucloud::AttachNetworkInterface;
using vpc::ucloud::CreateNetworkInterface;
using vpc::ucloud::DeleteNetworkInterface;
using vpc::ucloud::DescribeNetworkInterface;
using vpc::ucloud::DetachNetworkInterface;
using vpc::ucloud::InterfaceInfo;
using vpc::ucloud::NodeInterfaces;
using vpc::ucloud::Place;

constexpr char kHost[] = "host-1";
constexpr char kOtherHost[] = "host-2";

// Once, the connection breaks "before" or "after" the call has its effect.
std::string ResetOnce(const char* action, const char* when) {
  return absl::StrCat(R"([{"match":{"action":")", action,
                      R"("},"when":{"next":1},"do":{"reset":")", when,
                      R"("}}])");
}
std::string LostAnswer(const char* action) {
  return ResetOnce(action, "after");
}
std::string LostCall(const char* action) { return ResetOnce(action, "before"); }

class InterfacesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cloud = Cloud::Start(
        {.subnet = *base::Ipv4Prefix::Parse("10.9.0.0/24"), .hosts = 2});
    ASSERT_TRUE(cloud.ok()) << cloud.status();
    cloud_ = *std::move(cloud);
    const AccessOptions options = AccessOf(*cloud_, 0);
    absl::BitGen random;
    vpc::ucloud::MetadataService metadata(
        options.metadata, vpc::ucloud::MetadataService::RealMeans(), random);
    const auto identity = metadata.GetIdentity();
    ASSERT_TRUE(identity.ok()) << identity.status();
    place_ = *vpc::ucloud::PlaceOf(*identity, {}, {});
    access_ = *Access::Open(options);
    Restart();
  }

  // As a new process: it remembers only what is in the file.
  void Restart() {
    interfaces_ = std::make_unique<NodeInterfaces>(
        access_, place_,
        vpc::ucloud::InterfacesOptions{
            .intent_dir = absl::StrCat(getenv("TEST_TMPDIR"), "/", folder_),
            .now = [this] { return now_; }});
  }
  void Fault(const std::string& rules) {
    ASSERT_EQ(cloud_->SetFaults(rules), absl::OkStatus());
  }
  template <typename Request>
  typename Request::Answer Call(const Request& request) {
    auto answer = access_->client().Call(request, {});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : typename Request::Answer();
  }
  // All of the cloud that aren't hosts' own.
  std::vector<InterfaceInfo> InCloud() {
    std::vector<InterfaceInfo> further;
    for (const InterfaceInfo& info :
         Call(DescribeNetworkInterface{.limit = 100}).interfaces) {
      if (!info.is_default) further.push_back(info);
    }
    return further;
  }
  void ExpectOneAttached(const std::string& id) {
    const auto all = InCloud();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(all[0].interface_id, id);
    EXPECT_EQ(all[0].attached_to, kHost);
  }

  const InterfaceWish wish_ = {.subnet = "subnet-1",
                               .security_groups = {"secgroup-1"}};
  const std::string folder_ =
      testing::UnitTest::GetInstance()->current_test_info()->name();
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  std::unique_ptr<Cloud> cloud_;
  Place place_;
  std::shared_ptr<Access> access_;
  std::unique_ptr<NodeInterfaces> interfaces_;
};

TEST_F(InterfacesTest, OneIsMadeAttachedDescribedAndFoundAgain) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->name, interfaces_->NameOf(wish_));
  EXPECT_EQ(made->subnet, "subnet-1");
  EXPECT_EQ(made->vpc, "uvnet-1");
  EXPECT_EQ(made->prefix.ToString(), "10.9.0.0/24");
  EXPECT_TRUE(made->prefix.Contains(made->address));
  EXPECT_TRUE(made->prefix.Contains(made->gateway));
  EXPECT_TRUE(made->attached);
  Restart();
  EXPECT_EQ(interfaces_->Ensure(wish_)->id, made->id);
  ExpectOneAttached(made->id);
  const auto listed = interfaces_->List();
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->front().mac, made->mac);
  EXPECT_TRUE(listed->front().attached);
}

TEST_F(InterfacesTest, ItsAddressesAreAllocatedAndGivenBack) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  Place there = place_;
  there.subnet_id = made->subnet;
  there.mac = made->mac;
  vpc::ucloud::InterfaceProvider provider(access_, there);
  const auto given = provider.Allocate(3, vpc::Priority::kFill);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_THAT(*given, SizeIs(3));
  EXPECT_THAT(*provider.List(), SizeIs(3));
  EXPECT_THAT(*cloud_->AddressesOf(0), IsEmpty());
  EXPECT_EQ(provider.Release(given->front()), absl::OkStatus());
}

TEST_F(InterfacesTest, OtherGroupsHaveOneOfTheirOwnInAnyOrder) {
  const InterfaceWish two = {"subnet-1", {"a", "b"}};
  EXPECT_NE(interfaces_->NameOf(two), interfaces_->NameOf(wish_));
  EXPECT_EQ(interfaces_->NameOf(two),
            interfaces_->NameOf({"subnet-1", {"b", "a"}}));
  EXPECT_NE(interfaces_->NameOf(two), interfaces_->NameOf({"subnet-1", {}}));
  ASSERT_TRUE(interfaces_->Ensure(wish_).ok());
  ASSERT_TRUE(interfaces_->Ensure(two).ok());
  EXPECT_THAT(InCloud(), SizeIs(2));
}

TEST_F(InterfacesTest, ALostAnswerToCreateMakesNoSecondOne) {
  Fault(LostAnswer("CreateNetworkInterface"));
  EXPECT_TRUE(absl::IsUnavailable(interfaces_->Ensure(wish_).status()));
  Restart();
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  ExpectOneAttached(made->id);
}

// The cloud's list doesn't show it at first.
TEST_F(InterfacesTest, WhileAnAnswerIsOpenNoneIsMadeAlsoAfterARestart) {
  Fault(LostCall("CreateNetworkInterface"));
  EXPECT_TRUE(absl::IsUnavailable(interfaces_->Ensure(wish_).status()));
  Restart();
  now_ += absl::Seconds(74);
  const absl::Status waits = interfaces_->Ensure(wish_).status();
  EXPECT_TRUE(absl::IsUnavailable(waits));
  EXPECT_THAT(waits.message(), HasSubstr("may still be made until"));
  EXPECT_THAT(InCloud(), IsEmpty());
  now_ += absl::Seconds(2);
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  ExpectOneAttached(made->id);
}

TEST_F(InterfacesTest, ALostAnswerToAttachIsLookedUp) {
  Fault(LostAnswer("AttachNetworkInterface"));
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  ExpectOneAttached(made->id);
}

TEST_F(InterfacesTest, AnAttachThatWasntDoneIsDoneTheNextTime) {
  Fault(LostCall("AttachNetworkInterface"));
  EXPECT_TRUE(absl::IsUnavailable(interfaces_->Ensure(wish_).status()));
  EXPECT_THAT(InCloud(), SizeIs(1));
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  ExpectOneAttached(made->id);
}

TEST_F(InterfacesTest, OneThatIsAttachedElsewhereIsRefusedAndLeftThere) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  Call(DetachNetworkInterface{made->id, kHost});
  Call(AttachNetworkInterface{made->id, kOtherHost});
  const absl::Status refused = interfaces_->Ensure(wish_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr(kOtherHost));
  EXPECT_TRUE(absl::IsFailedPrecondition(interfaces_->Remove(made->id)));
  EXPECT_EQ(InCloud().at(0).attached_to, kOtherHost);
}

TEST_F(InterfacesTest, WithoutRoomOnTheHostNothingIsLeftBehind) {
  constexpr int kMost = 7;  // of vpcsim's quota, beside the host's own
  for (int i = 0; i < kMost; ++i) {
    ASSERT_TRUE(interfaces_->Ensure({"subnet-1", {absl::StrCat("g", i)}}).ok());
  }
  const absl::Status refused = interfaces_->Ensure(wish_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(refused.message(), HasSubstr("at most 8 interfaces"));
  EXPECT_THAT(InCloud(), SizeIs(kMost));
}

TEST_F(InterfacesTest, OneThatWasDeletedBehindOurBackIsMadeAnew) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  Call(DetachNetworkInterface{made->id, kHost});
  Call(DeleteNetworkInterface{made->id});
  const auto again = interfaces_->Ensure(wish_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_NE(again->id, made->id);
  ExpectOneAttached(again->id);
}

TEST_F(InterfacesTest, OfTwoOfOneNameTheFreeOneIsDeleted) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  Call(CreateNetworkInterface{.vpc_id = "uvnet-1",
                              .subnet_id = "subnet-1",
                              .name = interfaces_->NameOf(wish_)});
  ASSERT_THAT(InCloud(), SizeIs(2));
  EXPECT_EQ(interfaces_->Ensure(wish_)->id, made->id);
  ExpectOneAttached(made->id);
}

TEST_F(InterfacesTest, RemovalLeavesNothingAndMayBeRepeated) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(interfaces_->Remove(made->id), absl::OkStatus());
    EXPECT_THAT(InCloud(), IsEmpty());
  }
  EXPECT_THAT(*interfaces_->List(), IsEmpty());
}

TEST_F(InterfacesTest, LostAnswersToDetachAndDeleteAreNoError) {
  const auto made = interfaces_->Ensure(wish_);
  ASSERT_TRUE(made.ok()) << made.status();
  Fault(R"([{"match":{"action":"DetachNetworkInterface"},
      "when":{"next":1},"do":{"reset":"after"}},
      {"match":{"action":"DeleteNetworkInterface"},"when":{"next":1},
      "do":{"reset":"after"}}])");
  absl::Status removed = interfaces_->Remove(made->id);
  if (!removed.ok()) removed = interfaces_->Remove(made->id);
  EXPECT_EQ(removed, absl::OkStatus());
  EXPECT_THAT(InCloud(), IsEmpty());
}

TEST_F(InterfacesTest, AStrangersInterfaceIsntRemoved) {
  const InterfaceInfo strangers =
      Call(CreateNetworkInterface{.vpc_id = "uvnet-1",
                                  .subnet_id = "subnet-1",
                                  .name = "cnivpc-host-2-subnet-1"})
          .interface;
  const absl::Status refused = interfaces_->Remove(strangers.interface_id);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_TRUE(absl::IsFailedPrecondition(interfaces_->Remove("uni-1")));
  EXPECT_THAT(*interfaces_->List(), IsEmpty());
  EXPECT_THAT(InCloud(), SizeIs(1));
}

}  // namespace
}  // namespace e2e
