#include "netlink/pod_teardown.h"

#include <sys/wait.h>

#include <vector>

#include "absl/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/delete_link.h"
#include "netlink/neigh.h"
#include "netlink/node_lab.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/route.h"

namespace netlink {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class PodTeardownTest : public ::testing::Test {
 protected:
  ~PodTeardownTest() override {
    while (waitpid(-1, nullptr, 0) > 0) {
    }
  }
  PodNetwork Make(const base::Fd& netns, const PodNetwork& plan) {
    const auto made = netlink::SetUp(host_, netns.get(), plan, random_);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.value_or(plan);
  }
  PodTraces All(const PodNetwork& made) {
    return {.alias = made.alias,
            .host_ifname = made.host_ifname,
            .address = made.address,
            .node_ifindex = made.node_ifindex};
  }
  void ExpectCleanNode() {
    EXPECT_THAT(*ListLinks(host_, "veth"), SizeIs(1));
    EXPECT_THAT(*ListRules(host_, kPodRulePriority), IsEmpty());
    EXPECT_THAT(*ListProxies(host_, 0), IsEmpty());
    EXPECT_THAT(*ListRoutes(host_, RouteFilter{}), SizeIs(2));
  }

  NodeLab lab_;
  Socket& host_ = lab_.host();
  base::Fd pod_ = MakeNetns();
  absl::BitGen random_;
  const PodNetwork plan_ = lab_.Plan("c0ffee", "web-0", 50);
};

TEST_F(PodTeardownTest, LeavesNothingAndMayBeRepeated) {
  const PodNetwork made = Make(pod_, plan_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(netlink::TearDown(host_, All(made)), absl::OkStatus());
    ExpectCleanNode();
  }
}

TEST_F(PodTeardownTest, TheAliasAloneIsEnough) {
  const PodNetwork made = Make(pod_, plan_);
  EXPECT_EQ(netlink::TearDown(host_, {.alias = made.alias}), absl::OkStatus());
  ExpectCleanNode();
  EXPECT_EQ(netlink::TearDown(host_, {.alias = made.alias}), absl::OkStatus());
}

TEST_F(PodTeardownTest, CleansUpWhenThePodAndItsLinkAreGone) {
  const PodNetwork made = Make(pod_, plan_);
  ASSERT_EQ(host_.Transact(DeleteLink(made.host_ifindex)), absl::OkStatus());
  EXPECT_EQ(netlink::TearDown(host_, All(made)), absl::OkStatus());
  ExpectCleanNode();
}

TEST_F(PodTeardownTest, TakesAPodOfThePluginBeforeUs) {
  const PodNetwork made = Make(pod_, plan_);
  ASSERT_EQ(
      host_.Transact(ChangeLink({.ifindex = made.host_ifindex, .alias = ""})),
      absl::OkStatus());
  EXPECT_EQ(netlink::TearDown(host_, All(made)), absl::OkStatus());
  ExpectCleanNode();
}

TEST_F(PodTeardownTest, AnOldSandboxesDelLeavesTheNewOneAlone) {
  Make(pod_, plan_);
  // The same pod's next sandbox, with the same fixed address.
  const base::Fd newer_netns = MakeNetns();
  const PodNetwork newer = Make(newer_netns, lab_.Plan("decaf", "web-0", 50));
  EXPECT_EQ(netlink::TearDown(host_, All(plan_)), absl::OkStatus());
  EXPECT_EQ(Check(host_, newer_netns.get(), newer), absl::OkStatus());
}

TEST_F(PodTeardownTest, AnOldSandboxesDelStillRemovesItsOwnAddress) {
  Make(pod_, plan_);
  const base::Fd newer_netns = MakeNetns();
  const PodNetwork newer = Make(newer_netns, lab_.Plan("decaf", "web-0", 51));
  EXPECT_THAT(*ListRules(host_, kPodRulePriority), SizeIs(2));
  EXPECT_EQ(netlink::TearDown(host_, All(plan_)), absl::OkStatus());
  EXPECT_THAT(*ListRules(host_, kPodRulePriority), SizeIs(1));
  EXPECT_THAT(*ListProxies(host_, 0), SizeIs(1));
  EXPECT_EQ(Check(host_, newer_netns.get(), newer), absl::OkStatus());
}

TEST_F(PodTeardownTest, TheDaemonRemovesManyTogether) {
  std::vector<base::Fd> pods;
  std::vector<uint32_t> links;
  Batch batch;
  for (uint8_t i = 0; i < 20; ++i) {
    pods.push_back(MakeNetns());
    const std::string id = std::string("c") + static_cast<char>('a' + i);
    const PodNetwork made = Make(pods.back(), lab_.Plan(id, id, 50 + i));
    EXPECT_EQ(FindHostEnd(host_, All(made))->index, made.host_ifindex);
    AddRemoval(batch, made.address, made.node_ifindex);
    links.push_back(made.host_ifindex);
  }
  for (const absl::Status& status : host_.Transact(batch)) {
    EXPECT_EQ(IgnoreMissing(status), absl::OkStatus());
  }
  EXPECT_EQ(DeleteLinks(host_, links), absl::OkStatus());
  ExpectCleanNode();
}

TEST_F(PodTeardownTest, KnowsWhomAnAddressServes) {
  const PodNetwork made = Make(pod_, plan_);
  EXPECT_FALSE(*ServesAnother(host_, made.address, made.host_ifindex));
  EXPECT_TRUE(*ServesAnother(host_, made.address, 0));
  EXPECT_FALSE(*ServesAnother(host_, base::Ipv4(0x0a000063), 0));
}

}  // namespace
}  // namespace netlink
