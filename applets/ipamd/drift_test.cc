#include "applets/ipamd/drift.h"

#include <net/if.h>

#include <string>
#include <vector>

#include "applets/ledger/alias.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using base::Attachment;
using base::Ipv4;
using netlink::PodPart;
using pool::Phase;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Parts = std::set<PodPart>;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
constexpr base::Mac kMac({2, 0, 0, 0, 0, 1});
constexpr base::Mac kOtherMac({2, 0, 0, 0, 0, 2});
constexpr uint32_t kIndex = 70000;  // of the host end of pod a
constexpr uint32_t kPodIndex = 70001;
constexpr int32_t kNetns = 5;
constexpr Ipv4 kPod(0x0a000032);
constexpr Ipv4 kNode(0x0a000001);

Attachment A(const std::string& id) { return {"net", id, "eth0"}; }

netlink::Route RouteTo(Ipv4 ip, uint32_t ifindex = kIndex) {
  return {.destination = base::Ipv4Prefix::Containing(ip, 32),
          .ifindex = ifindex};
}

class DriftTest : public testing::Test {
 protected:
  DriftTest() {
    Lease(kPod, "a");
    drift_.OnLinks({LinkOf("a")});
  }

  void Lease(Ipv4 ip, const std::string& id, Phase phase = Phase::kAttached) {
    pool::Address row;
    row.ip = ip;
    row.state = pool::State::kLeased;
    row.lease = pool::Lease{};
    row.lease->attachment = A(id);
    row.lease->phase = phase;
    pool_.Apply(pool::PutAddress{row});
  }
  static netlink::Link LinkOf(const std::string& id) {
    return {.index = kIndex,
            .name = "ucni0",
            .kind = "veth",
            .mac = kMac,
            .flags = IFF_UP,
            .alias = ledger::AliasOf(A(id)),
            .peer_ifindex = kPodIndex,
            .peer_netnsid = kNetns};
  }
  void Hear(const netlink::Event& event) {
    drift_.OnNotice({event}, node_, now_);
  }
  void HearInPod(const netlink::Event& event) {
    drift_.OnNotice({event, kNetns}, node_, now_);
  }
  // Sleeps until something is due.
  std::vector<Drift::Target> Wait() {
    if (drift_.deadline() == absl::InfiniteFuture()) return {};
    now_ = std::max(now_, drift_.deadline());
    return drift_.Due(now_);
  }
  // Waits for the look, which finds `missing`; what is to be mended.
  Parts Look(const Parts& missing) {
    const auto targets = Wait();
    if (targets.size() != 1) return {};
    const auto orders =
        drift_.OnLooked({{targets[0].attachment, missing}}, now_);
    return orders.empty() ? Parts{} : orders[0].missing;
  }
  std::vector<Drift::HeldBack> Mended(const Parts& parts,
                                      const absl::Status& status = {}) {
    Drift::Done done{A("a"), {}};
    for (const PodPart part : parts) done.parts.push_back({part, status});
    return drift_.OnMended({done}, now_);
  }
  // Somebody removes the rule, and it is made anew; whether that is held back
  // from now on.
  bool RemoveAndMend() {
    Hear(netlink::RuleGone{netlink::PodRule(kPod)});
    EXPECT_EQ(Look({PodPart::kRule}), Parts{PodPart::kRule});
    return !Mended({PodPart::kRule}).empty();
  }
  void BeHeldBack() {
    for (size_t i = 1; i < Drift::kBurst; ++i) EXPECT_FALSE(RemoveAndMend());
    EXPECT_TRUE(RemoveAndMend());
  }

  pool::Pool pool_{pool::Policy{}};
  const netlink::Node node_ = {.name = "eth0", .ifindex = 2, .address = kNode};
  absl::Time now_ = kStart;
  Drift drift_{pool_, Drift::Scope::kNodeAndPod};
};

TEST_F(DriftTest, NothingIsDueWhenNothingHappened) {
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
  EXPECT_THAT(drift_.Due(now_), IsEmpty());
}

TEST_F(DriftTest, ARouteThatGoesIsLookedForAfterTheDustHasSettled) {
  Hear(netlink::RouteGone{RouteTo(kPod)});
  EXPECT_THAT(drift_.Due(now_), IsEmpty());
  EXPECT_EQ(drift_.deadline(), kStart + Drift::kNodeSettle);
  const auto targets = Wait();
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_EQ(targets[0].attachment, A("a"));
  EXPECT_EQ(targets[0].host_ifindex, kIndex);
  EXPECT_TRUE(targets[0].node);
  EXPECT_FALSE(targets[0].pod);
}

TEST_F(DriftTest, ManyEventsAreOneLook) {
  for (uint8_t i = 0; i < 250; ++i) {
    const Ipv4 ip(kPod.bits() + i);
    Lease(ip, std::string(1, static_cast<char>(i + 1)));
    Hear(netlink::RouteGone{RouteTo(ip)});
  }
  EXPECT_THAT(Wait(), SizeIs(250));
}

TEST_F(DriftTest, WhatIsMissingIsMended) {
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  EXPECT_EQ(Look({PodPart::kRule}), Parts{PodPart::kRule});
  EXPECT_THAT(Mended({PodPart::kRule}), IsEmpty());
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, OneThatLacksNothingIsForgotten) {
  Hear(netlink::RouteGone{RouteTo(kPod)});
  EXPECT_THAT(Look({}), IsEmpty());
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, EventsOfOtherThingsAreNobodysBusiness) {
  netlink::Route route = RouteTo(Ipv4(0x0a0000ff));
  Hear(netlink::RouteGone{route});
  route = RouteTo(kPod);
  route.table = 100;
  Hear(netlink::RouteGone{route});
  netlink::Rule rule = netlink::PodRule(kPod);
  rule.priority = 1024;
  Hear(netlink::RuleGone{rule});
  Hear(netlink::RouteChanged{RouteTo(kPod)});
  Hear(netlink::NeighborGone{{.ifindex = 9, .address = kPod, .proxy = true}});
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, OfAFurtherInterfaceItsRuleForWhatThePodSendsIsMended) {
  const netlink::RuleGone gone{netlink::PodSourceRule(kPod, 1001)};
  Hear(gone);
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
  const netlink::Node further = {.name = "eth1", .ifindex = 3, .table = 1001};
  drift_.OnNotice({gone}, further, now_);
  EXPECT_EQ(Look({PodPart::kSourceRule}), Parts{PodPart::kSourceRule});
}

TEST_F(DriftTest, OfAFurtherInterfaceThePodsGatewayIsAnothersAddress) {
  const netlink::NeighborGone gone{{.ifindex = kPodIndex, .address = kNode}};
  const netlink::Node further = {
      .name = "eth1", .ifindex = 3, .address = Ipv4(7), .table = 1001};
  drift_.OnNotice({gone, kNetns}, further, now_);
  const auto targets = Wait();
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_TRUE(targets[0].pod);
}

TEST_F(DriftTest, ARouteThatLeadsElsewhereIsLookedAt) {
  Hear(netlink::RouteChanged{RouteTo(kPod, 2)});
  EXPECT_THAT(Wait(), SizeIs(1));
}

TEST_F(DriftTest, ALinkThatGoesDownIsLookedAtForItsRouteGoesSilently) {
  netlink::Link link = LinkOf("a");
  link.flags = 0;
  Hear(netlink::LinkChanged{link});
  const auto targets = Wait();
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_TRUE(targets[0].node);
}

TEST_F(DriftTest, ALinkThatLosesItsAliasIsKnownByItsNumber) {
  netlink::Link link = LinkOf("a");
  link.alias = "";
  Hear(netlink::LinkChanged{link});
  const auto targets = Wait();
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_EQ(targets[0].host_ifindex, kIndex);
}

TEST_F(DriftTest, AnotherMacOfTheHostEndIsLookedAtFromThePod) {
  netlink::Link link = LinkOf("a");
  link.mac = kOtherMac;
  Hear(netlink::LinkChanged{link});
  const auto targets = Wait();
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_TRUE(targets[0].pod);
  EXPECT_FALSE(targets[0].node);
}

TEST_F(DriftTest, TheNodesInterfaceTakesAllProxiesWithIt) {
  Lease(Ipv4(0x0a000033), "b");
  netlink::Link link = {.index = 2, .name = "eth0", .flags = IFF_UP};
  Hear(netlink::LinkChanged{link});
  EXPECT_THAT(Wait(), SizeIs(2));
  drift_.OnLooked({}, now_);
  link.mtu_bytes = 9000;
  Hear(netlink::LinkChanged{link});
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
  link.flags = 0;
  Hear(netlink::LinkChanged{link});
  EXPECT_THAT(Wait(), SizeIs(2));
}

TEST_F(DriftTest, AProxyIsMissedWhenTheListLacksIt) {
  drift_.OnProxies({kPod}, now_);
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
  drift_.OnProxies({}, now_);
  EXPECT_EQ(drift_.deadline(), now_);
}

TEST_F(DriftTest, EventsInAPodConcernThatPod) {
  const std::vector<netlink::Event> events = {
      netlink::AddressGone{{.ifindex = kPodIndex, .address = kPod}},
      netlink::RouteGone{{.ifindex = kPodIndex, .gateway = kNode}},
      netlink::NeighborGone{{.ifindex = kPodIndex, .address = kNode}},
      netlink::NeighborChanged{
          {.ifindex = kPodIndex, .address = kNode, .mac = kOtherMac}},
      netlink::LinkChanged{{.index = kPodIndex}}};
  for (const netlink::Event& event : events) {
    HearInPod(event);
    const auto targets = Wait();
    ASSERT_THAT(targets, SizeIs(1)) << event.index();
    EXPECT_TRUE(targets[0].pod);
    EXPECT_FALSE(targets[0].node);
    drift_.OnLooked({}, now_);
  }
}

TEST_F(DriftTest, WhatAPodDoesBesidesIsItsOwnBusiness) {
  HearInPod(netlink::AddressGone{{.address = Ipv4(0x0a0000ff)}});
  HearInPod(netlink::RouteGone{RouteTo(kPod)});
  HearInPod(netlink::NeighborGone{{.address = kPod}});
  HearInPod(netlink::NeighborChanged{{.address = kNode, .mac = kMac}});
  HearInPod(netlink::LinkChanged{{.index = kPodIndex, .flags = IFF_UP}});
  drift_.OnNotice({netlink::AddressGone{{.address = kPod}}, kNetns + 1}, node_,
                  now_);
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, TheNodesSideAloneIsMendedIfThatIsAskedFor) {
  Drift drift(pool_, Drift::Scope::kNode);
  drift.SuspectAll(now_);
  const auto targets = drift.Due(now_);
  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_FALSE(targets[0].pod);
  Drift nothing(pool_, Drift::Scope::kNone);
  nothing.SuspectAll(now_);
  EXPECT_EQ(nothing.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, ALeaseThatIsBeingTakenDownIsLeftAlone) {
  Lease(kPod, "a", Phase::kDetaching);
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, ADelBetweenLookAndMendWins) {
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  ASSERT_THAT(Wait(), SizeIs(1));
  Lease(kPod, "a", Phase::kDetaching);
  EXPECT_THAT(drift_.OnLooked({{A("a"), {PodPart::kRule}}}, now_), IsEmpty());
}

TEST_F(DriftTest, AnAddUnderWayIsLeftAlone) {
  Lease(kPod, "a", Phase::kAttaching);
  drift_.SuspectAll(now_);
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
}

TEST_F(DriftTest, NothingIsLookedAtWhileSomethingIsMended) {
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  Look({PodPart::kRule});
  Hear(netlink::RouteGone{RouteTo(kPod)});
  EXPECT_EQ(drift_.deadline(), absl::InfiniteFuture());
  Mended({PodPart::kRule});
  EXPECT_EQ(drift_.deadline(), now_ + Drift::kNodeSettle);
}

TEST_F(DriftTest, LooksHaveAPauseBetweenThem) {
  Hear(netlink::RouteGone{RouteTo(kPod)});
  Look({});
  drift_.SuspectAll(now_);
  EXPECT_THAT(drift_.Due(now_), IsEmpty());
  EXPECT_EQ(drift_.deadline(), now_ + Drift::kPause);
}

TEST_F(DriftTest, LostEventsMakeItLookAtAllButNotAgainAndAgain) {
  Hear(netlink::Overrun{});
  EXPECT_EQ(drift_.deadline(), now_);
  Look({});
  Hear(netlink::Overrun{});
  EXPECT_EQ(drift_.deadline(), kStart + Drift::kAllPause);
}

TEST_F(DriftTest, ARepairThatFailsIsTriedAgain) {
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  Look({PodPart::kRule});
  Mended({PodPart::kRule}, absl::InternalError("x"));
  EXPECT_EQ(drift_.deadline(), now_ + Drift::kRetry);
}

TEST_F(DriftTest, ItDoesNotFightForEver) {
  BeHeldBack();
  EXPECT_EQ(drift_.held_back(now_), 1);
  Hear(netlink::RuleGone{netlink::PodRule(kPod)});
  EXPECT_GE(drift_.deadline(), now_ + Drift::kMinHold);
}

TEST_F(DriftTest, WhatIsHeldBackOfALeaseThatHasEndedDoesNotCount) {
  BeHeldBack();
  Lease(kPod, "a", Phase::kDetaching);
  EXPECT_EQ(drift_.held_back(now_), 0);
}

TEST_F(DriftTest, OtherPartsAreMendedMeanwhile) {
  BeHeldBack();
  Hear(netlink::RouteGone{RouteTo(kPod)});
  EXPECT_EQ(Look({PodPart::kRule, PodPart::kRoute}), Parts{PodPart::kRoute});
}

TEST_F(DriftTest, WhatWasHeldBackIsLookedAtAgainWhenThatIsOver) {
  BeHeldBack();
  const absl::Time held = now_;
  Hear(netlink::RouteGone{RouteTo(kPod)});
  Look({PodPart::kRule});
  EXPECT_EQ(Look({PodPart::kRule}), Parts{PodPart::kRule});
  EXPECT_EQ(now_, held + Drift::kMinHold);
  EXPECT_EQ(drift_.held_back(now_), 0);
}

TEST_F(DriftTest, ItIsHeldBackLongerEachTime) {
  absl::Duration hold = Drift::kMinHold;
  for (int i = 0; i < 10; ++i) {
    BeHeldBack();
    const absl::Time held = now_;
    EXPECT_EQ(drift_.deadline(), held + hold);
    Look({});
    hold = std::min(hold * 2, Drift::kMaxHold);
  }
  EXPECT_EQ(hold, Drift::kMaxHold);
}

TEST_F(DriftTest, AfterALongPeaceItBeginsAnew) {
  BeHeldBack();
  now_ += Drift::kMaxHold;
  Wait();
  drift_.OnLooked({}, now_);
  drift_.SuspectAll(now_);  // forgets
  Wait();
  drift_.OnLooked({}, now_);
  BeHeldBack();
  EXPECT_EQ(drift_.deadline(), now_ + Drift::kMinHold);
}

TEST_F(DriftTest, RepairsNowAndThenAreNoFight) {
  for (size_t i = 0; i < 3 * Drift::kBurst; ++i) {
    EXPECT_FALSE(RemoveAndMend());
    now_ += Drift::kWindow / 3;
  }
}

}  // namespace
}  // namespace applets::ipamd
