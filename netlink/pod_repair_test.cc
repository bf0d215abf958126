#include "netlink/pod_repair.h"

#include <linux/rtnetlink.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Parts = std::set<PodPart>;

constexpr base::Mac kOther({2, 0, 0, 0, 0, 0x77});

class PodRepairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto made = netlink::SetUp(lab_.host(), pod_.get(), plan_, random_);
    ASSERT_TRUE(made.ok()) << made.status();
    made_ = *made;
  }
  void Do(const Request& request) {
    ASSERT_EQ(lab_.host().Transact(request), absl::OkStatus());
  }
  void DoInPod(const Request& request) {
    ASSERT_EQ(inside_.Transact(request), absl::OkStatus());
  }
  // What ipamd knows: no indexes. `ifindex` as the kernel's notifications said.
  PodNetwork Known(uint32_t ifindex = 0) const {
    PodNetwork known = plan_;
    known.host_ifindex = ifindex;
    known.pod_ifindex = 0;
    return known;
  }
  std::optional<Link> HostEnd(uint32_t ifindex = 0) {
    const auto view = ViewNode(lab_.host());
    EXPECT_TRUE(view.ok()) << view.status();
    const Link* link = FindHostEnd(*view, Known(ifindex));
    if (link == nullptr) return std::nullopt;
    return *link;
  }
  // Looks at both sides, and finds the host end by its alias.
  Parts Missing(uint32_t ifindex = 0) {
    const auto view = ViewNode(lab_.host());
    const auto host_end = HostEnd(ifindex);
    EXPECT_TRUE(host_end);
    Parts parts = MissingOnNode(*view, *host_end, Known());
    const auto in_pod = MissingInPod(*host_end, Known(), pod_.get());
    EXPECT_TRUE(in_pod.ok()) << in_pod.status();
    parts.insert(in_pod->begin(), in_pod->end());
    return parts;
  }
  std::vector<Mended> MendAll(const Parts& parts) {
    return Mend(lab_.host(), pod_.get(), made_, parts);
  }
  // Whatever is missing is mended, and then all is as it was made.
  void ExpectMends(const Parts& missing, uint32_t ifindex = 0) {
    EXPECT_EQ(Missing(ifindex), missing);
    for (const Mended& mended : MendAll(missing)) {
      EXPECT_EQ(mended.status, absl::OkStatus()) << NameOf(mended.part);
    }
    EXPECT_THAT(Missing(), IsEmpty());
    EXPECT_EQ(Check(lab_.host(), pod_.get(), plan_), absl::OkStatus());
  }

  NodeLab lab_;
  base::Fd pod_ = MakeNetns();
  Socket inside_ = *SocketIn(pod_.get());
  absl::BitGen random_;
  const PodNetwork plan_ = lab_.Plan("c0ffee", "web-0", 50);
  PodNetwork made_;
};

TEST_F(PodRepairTest, ANewNetworkLacksNothing) {
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(PodRepairTest, MakesTheRouteAnew) {
  Do(RemoveRoute(RouteToPod(made_)));
  ExpectMends({PodPart::kRoute});
}

TEST_F(PodRepairTest, MakesTheRuleAnewAndOnce) {
  Do(RemoveRule(PodRule(plan_.address)));
  ExpectMends({PodPart::kRule});
  MendAll({PodPart::kRule});
  EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), SizeIs(1));
}

TEST_F(PodRepairTest, MakesTheProxyAnew) {
  Do(RemoveProxy(plan_.node_ifindex, plan_.address));
  ExpectMends({PodPart::kProxy});
}

TEST_F(PodRepairTest, SetsTheHostEndUpAgainAndItsRouteWithIt) {
  Do(ChangeLink(
      {.ifindex = made_.host_ifindex, .state = LinkChange::State::kDown}));
  ExpectMends({PodPart::kHostEnd, PodPart::kRoute});
}

TEST_F(PodRepairTest, MakesTheAddressAnewInThePod) {
  DoInPod(
      RemoveAddress({.ifindex = made_.pod_ifindex, .address = plan_.address}));
  const Parts missing = Missing();
  EXPECT_TRUE(missing.contains(PodPart::kAddress));
  ExpectMends(missing);
}

TEST_F(PodRepairTest, MakesTheNeighborAnewInThePod) {
  DoInPod(RemoveNeighbor(made_.pod_ifindex, plan_.node_address));
  ExpectMends({PodPart::kNeighbor});
}

TEST_F(PodRepairTest, MakesTheDefaultRouteAnewInThePod) {
  DoInPod(RemoveRoute({.ifindex = made_.pod_ifindex,
                       .gateway = plan_.node_address,
                       .onlink = true}));
  ExpectMends({PodPart::kDefaultRoute});
}

TEST_F(PodRepairTest, SetsThePodsEndUpAgainWithWhatWentWithIt) {
  DoInPod(ChangeLink(
      {.ifindex = made_.pod_ifindex, .state = LinkChange::State::kDown}));
  const Parts missing = Missing();
  EXPECT_TRUE(missing.contains(PodPart::kPodEnd));
  EXPECT_TRUE(missing.contains(PodPart::kDefaultRoute));
  ExpectMends(missing);
}

TEST_F(PodRepairTest, GivesTheHostEndItsMacBackThatThePodSendsTo) {
  Do(ChangeLink({.ifindex = made_.host_ifindex, .mac = kOther}));
  ExpectMends({PodPart::kHostMac});
}

TEST_F(PodRepairTest, LeavesAHostEndWhoseNewMacThePodKnows) {
  Do(ChangeLink({.ifindex = made_.host_ifindex, .mac = kOther}));
  DoInPod(SetPermanentNeighbor(made_.pod_ifindex, plan_.node_address, kOther));
  EXPECT_THAT(Missing(), IsEmpty());
}

// As the tuning plugin does: the kernel forgets the entry, the pod uses ARP.
TEST_F(PodRepairTest, LeavesAPodThatWasGivenAnotherMac) {
  DoInPod(ChangeLink({.ifindex = made_.pod_ifindex, .mac = kOther}));
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(PodRepairTest, LeavesADefaultRouteOfAnotherKind) {
  const Route ours = {.ifindex = made_.pod_ifindex,
                      .gateway = plan_.node_address,
                      .onlink = true};
  DoInPod(RemoveRoute(ours));
  DoInPod(AddRoute(
      {.ifindex = made_.pod_ifindex, .table = 100, .scope = RT_SCOPE_LINK}));
  EXPECT_THAT(Missing(), IsEmpty());
}

// A virtual machine's launcher takes the address away and renames the link.
TEST_F(PodRepairTest, LeavesAPodThatWasRearranged) {
  DoInPod(
      RemoveAddress({.ifindex = made_.pod_ifindex, .address = plan_.address}));
  DoInPod(ChangeLink(
      {.ifindex = made_.pod_ifindex, .state = LinkChange::State::kDown}));
  DoInPod(ChangeLink({.ifindex = made_.pod_ifindex, .name = "eth0-nic"}));
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(PodRepairTest, FindsAHostEndThatLostItsAliasByItsNumber) {
  Do(ChangeLink({.ifindex = made_.host_ifindex, .alias = ""}));
  Do(RemoveRoute(RouteToPod(made_)));
  EXPECT_FALSE(HostEnd());
  ExpectMends({PodPart::kAlias, PodPart::kRoute}, made_.host_ifindex);
}

TEST_F(PodRepairTest, FindsAHostEndThatLostItsAliasByNameAndRoute) {
  Do(ChangeLink({.ifindex = made_.host_ifindex, .alias = "somebody's"}));
  ExpectMends({PodPart::kAlias});
}

TEST_F(PodRepairTest, NeverTakesAnotherPodsHostEnd) {
  Do(ChangeLink(
      {.ifindex = made_.host_ifindex, .alias = "cnivpc:net:beef/eth0"}));
  EXPECT_FALSE(HostEnd(made_.host_ifindex));
}

TEST_F(PodRepairTest, DoesNotTakeARouteThatSomebodyElseHas) {
  Do(RemoveRoute(RouteToPod(made_)));
  Route theirs = RouteToPod(made_);
  theirs.ifindex = lab_.node().ifindex;
  Do(AddRoute(theirs));
  EXPECT_THAT(Missing(), ElementsAre(PodPart::kRoute));
  const std::vector<Mended> mended = MendAll({PodPart::kRoute});
  ASSERT_THAT(mended, SizeIs(1));
  EXPECT_EQ(mended[0].status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PodRepairTest, PartsThatSomebodyElseHasMadeMeanwhileAreFine) {
  const std::vector<Mended> mended = MendAll(
      {PodPart::kHostEnd, PodPart::kAlias, PodPart::kHostMac, PodPart::kRoute,
       PodPart::kRule, PodPart::kProxy, PodPart::kPodEnd, PodPart::kAddress,
       PodPart::kNeighbor, PodPart::kDefaultRoute});
  EXPECT_THAT(mended, SizeIs(10));
  for (const Mended& part : mended) {
    EXPECT_EQ(part.status, absl::OkStatus()) << NameOf(part.part);
  }
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(PodRepairTest, ALinkThatGoesMeanwhileLeavesNoRuleNorProxy) {
  Do(RemoveRule(PodRule(plan_.address)));
  Do(RemoveProxy(plan_.node_ifindex, plan_.address));
  Do(DeleteLink(made_.host_ifindex));
  Mend(lab_.host(), pod_.get(), made_, {PodPart::kRule, PodPart::kProxy});
  EXPECT_THAT(*ListRules(lab_.host(), kPodRulePriority), IsEmpty());
  EXPECT_THAT(*ListProxies(lab_.host(), 0), IsEmpty());
}

TEST_F(PodRepairTest, ANamespaceThatIsNotThePodsIsLeftAlone) {
  const base::Fd other = MakeNetns();
  const auto missing = MissingInPod(*HostEnd(), Known(), other.get());
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
}

TEST(PodPart, NamesAreDifferentAndSayOnWhichSide) {
  Parts all;
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(PodPart::kDefaultRoute); ++i) {
    const auto part = static_cast<PodPart>(i);
    names.emplace(NameOf(part));
    if (IsInPod(part)) all.insert(part);
  }
  EXPECT_THAT(names, SizeIs(11));
  EXPECT_THAT(all,
              UnorderedElementsAre(PodPart::kPodEnd, PodPart::kAddress,
                                   PodPart::kNeighbor, PodPart::kDefaultRoute));
}

}  // namespace
}  // namespace netlink
