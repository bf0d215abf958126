#include "netlink/link.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"
#include "netlink/netns.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr base::Mac kInnerMac({2, 0, 0, 0, 0, 1});
constexpr base::Mac kOuterMac({2, 0, 0, 0, 0, 2});
constexpr uint32_t kInner = 70001;
constexpr uint32_t kOuter = 70002;

class LinkTest : public ::testing::Test {
 protected:
  VethPair Pair() {
    return {.inner = {kInner, "eth0", kInnerMac, 1452},
            .netns_fd = pod_.get(),
            .outer = {kOuter, "host0", kOuterMac, 1452}};
  }

  FreshNetns node_;
  base::Fd pod_ = MakeNetns();
  Socket host_ = *Socket::Open();
};

TEST_F(LinkTest, APairIsMadeWithOneEndInTheOtherNamespace) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  const auto outer = GetLink(host_, "host0");
  ASSERT_TRUE(outer.ok()) << outer.status();
  EXPECT_EQ(outer->index, kOuter);
  EXPECT_EQ(outer->kind, "veth");
  EXPECT_EQ(outer->mac, kOuterMac);
  EXPECT_EQ(outer->mtu_bytes, 1452u);
  EXPECT_EQ(outer->peer_ifindex, kInner);
  EXPECT_TRUE(outer->peer_netnsid);
  EXPECT_FALSE(outer->up());

  Socket pod = *SocketIn(pod_.get());
  const auto inner = GetLink(pod, kInner);
  ASSERT_TRUE(inner.ok()) << inner.status();
  EXPECT_EQ(inner->name, "eth0");
  EXPECT_EQ(inner->mac, kInnerMac);
  EXPECT_TRUE(inner->up());
}

TEST_F(LinkTest, TheInnerEndMayBeLeftDown) {
  VethPair pair = Pair();
  pair.inner_up = false;
  ASSERT_EQ(host_.Transact(CreateVeth(pair)), absl::OkStatus());
  Socket pod = *SocketIn(pod_.get());
  EXPECT_FALSE(GetLink(pod, kInner)->up());
}

TEST_F(LinkTest, BothEndsMayBeHere) {
  ASSERT_EQ(host_.Transact(
                CreateVeth({.inner = {.name = "a"}, .outer = {.name = "b"}})),
            absl::OkStatus());
  const auto a = GetLink(host_, "a");
  const auto b = GetLink(host_, "b");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->peer_ifindex, b->index);
  EXPECT_FALSE(a->peer_netnsid);
}

TEST_F(LinkTest, ATakenNameOrIndexIsAnError) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(host_.Transact(CreateVeth(Pair()))), EEXIST);
  VethPair other = Pair();
  other.inner.name = "eth1";
  other.outer.name = "host1";
  other.inner.ifindex = kInner + 100;
  EXPECT_EQ(base::ErrnoOf(host_.Transact(CreateVeth(other))), EBUSY);
}

TEST_F(LinkTest, ChangesWhatItIsToldTo) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  ASSERT_EQ(host_.Transact(ChangeLink({.name = "host0",
                                       .state = LinkChange::State::kUp,
                                       .alias = "cnivpc:c0ffee/eth0"})),
            absl::OkStatus());
  ASSERT_EQ(host_.Transact(ChangeLink({.ifindex = kOuter,
                                       .mtu_bytes = 1400,
                                       .mac = kInnerMac,
                                       .group = 77})),
            absl::OkStatus());
  const auto link = GetLink(host_, kOuter);
  EXPECT_TRUE(link->up());
  EXPECT_EQ(link->alias, "cnivpc:c0ffee/eth0");
  EXPECT_EQ(link->mtu_bytes, 1400u);
  EXPECT_EQ(link->mac, kInnerMac);
  EXPECT_EQ(link->group, 77u);
  ASSERT_EQ(host_.Transact(ChangeLink({.ifindex = kOuter, .alias = ""})),
            absl::OkStatus());
  EXPECT_EQ(GetLink(host_, kOuter)->alias, "");
}

TEST_F(LinkTest, KeepsAnAliasOfTheGreatestLength) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  const std::string alias(kMaxAliasBytes, 'x');
  ASSERT_EQ(host_.Transact(ChangeLink({.ifindex = kOuter, .alias = alias})),
            absl::OkStatus());
  EXPECT_EQ(GetLink(host_, kOuter)->alias, alias);
}

TEST_F(LinkTest, DeletingOneEndTakesTheOther) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  ASSERT_EQ(host_.Transact(DeleteLink("host0")), absl::OkStatus());
  Socket pod = *SocketIn(pod_.get());
  EXPECT_EQ(base::ErrnoOf(GetLink(pod, "eth0").status()), ENODEV);
  EXPECT_EQ(base::ErrnoOf(host_.Transact(DeleteLink(kOuter))), ENODEV);
}

TEST_F(LinkTest, AMissingLinkIsNotFoundEitherWay) {
  EXPECT_TRUE(absl::IsNotFound(GetLink(host_, "nope").status()));
  EXPECT_TRUE(absl::IsNotFound(GetLink(host_, 4711).status()));
  EXPECT_TRUE(absl::IsNotFound(GetIfindex(host_, "nope").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      GetIfindex(host_, "longer-than-fifteen").status()));
}

TEST_F(LinkTest, FindsAnIndexInTheSocketsOwnNamespace) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  const Socket pod = *SocketIn(pod_.get());
  EXPECT_EQ(*GetIfindex(pod, "eth0"), kInner);
  EXPECT_EQ(*GetIfindex(host_, "host0"), kOuter);
  EXPECT_FALSE(GetIfindex(host_, "eth0").ok());
}

TEST_F(LinkTest, ListsAllOrThoseOfOneKind) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  EXPECT_THAT(*ListLinks(host_), SizeIs(2));  // with lo
  EXPECT_THAT(*ListLinks(host_, "veth"), SizeIs(1));
  EXPECT_THAT(*ListLinks(host_, "nosuchkind"), SizeIs(0));
}

TEST_F(LinkTest, TheKernelsOwnWordsComeWithItsError) {
  ASSERT_EQ(host_.Transact(CreateVeth(Pair())), absl::OkStatus());
  const absl::Status status =
      host_.Transact(ChangeLink({.ifindex = kOuter, .mtu_bytes = 7}));
  EXPECT_EQ(base::ErrnoOf(status), EINVAL);
  EXPECT_THAT(status.message(), HasSubstr("mtu less than device minimum"));
}

}  // namespace
}  // namespace netlink
