#include "netlink/monitor.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"

namespace netlink {
namespace {

using ::testing::IsEmpty;

constexpr base::Ipv4 kPod(0x0a090005);
constexpr uint32_t kOuter = 70002;

class MonitorTest : public ::testing::Test {
 protected:
  // Changes are announced before they are acknowledged: no waiting.
  std::vector<Event> Hear() {
    std::vector<Event> events;
    for (Notice& notice : HearAll(monitor_)) {
      EXPECT_EQ(notice.netnsid, std::nullopt);
      events.push_back(std::move(notice.event));
    }
    return events;
  }
  std::vector<Notice> HearAll(Monitor& monitor) {
    auto notices = monitor.Receive();
    EXPECT_TRUE(notices.ok()) << notices.status();
    return *std::move(notices);
  }
  void Do(const Request& request) {
    ASSERT_EQ(lab_.host().Transact(request), absl::OkStatus());
  }
  // The first event of one kind since the last call.
  template <typename T>
  std::optional<T> First() {
    for (const Event& event : Hear()) {
      if (const T* found = std::get_if<T>(&event)) return *found;
    }
    return std::nullopt;
  }

  NodeLab lab_;
  const uint32_t main_ = lab_.node().ifindex;
  Monitor monitor_ = *Monitor::Open(
      {MonitorGroup::kLink, MonitorGroup::kAddress, MonitorGroup::kRoute,
       MonitorGroup::kRule, MonitorGroup::kNeighbor});
};

TEST_F(MonitorTest, NeverBlocksAndHearsNothingWhenNothingHappens) {
  EXPECT_THAT(Hear(), IsEmpty());
}

TEST_F(MonitorTest, HearsLinksComeAndGo) {
  Do(CreateVeth(
      {.inner = {kOuter + 1, "a", {}, 0}, .outer = {kOuter, "b", {}, 0}}));
  const auto changed = First<LinkChanged>();
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->link.kind, "veth");
  Do(DeleteLink(kOuter));
  std::vector<uint32_t> gone;
  for (const Event& event : Hear()) {
    if (const auto* link = std::get_if<LinkGone>(&event)) {
      gone.push_back(link->ifindex);
    }
  }
  EXPECT_THAT(gone, ::testing::UnorderedElementsAre(kOuter, kOuter + 1));
}

TEST_F(MonitorTest, HearsAddresses) {
  const InterfaceAddress address = {.ifindex = main_, .address = kPod};
  Do(AddAddress(address));
  EXPECT_EQ(First<AddressChanged>()->address.address, kPod);
  Do(RemoveAddress(address));
  EXPECT_EQ(First<AddressGone>()->address.address, kPod);
}

TEST_F(MonitorTest, HearsRoutes) {
  const Route route = {.destination = base::Ipv4Prefix::Containing(kPod, 32),
                       .ifindex = main_};
  Do(AddRoute(route));
  EXPECT_EQ(First<RouteChanged>()->route.destination, route.destination);
  Do(RemoveRoute(route));
  EXPECT_EQ(First<RouteGone>()->route.destination, route.destination);
}

TEST_F(MonitorTest, HearsRules) {
  const Rule rule = PodRule(kPod);
  Do(AddRule(rule));
  EXPECT_EQ(First<RuleChanged>()->rule, rule);
  Do(RemoveRule(rule));
  EXPECT_EQ(First<RuleGone>()->rule, rule);
}

TEST_F(MonitorTest, HearsNeighbors) {
  Do(SetPermanentNeighbor(main_, kPod, base::Mac({2})));
  EXPECT_EQ(First<NeighborChanged>()->neighbor.address, kPod);
  Do(RemoveNeighbor(main_, kPod));
  EXPECT_TRUE(First<NeighborGone>());
}

TEST_F(MonitorTest, HearsOnlyItsGroups) {
  Monitor links = *Monitor::Open({MonitorGroup::kLink});
  Do(AddRule(PodRule(kPod)));
  EXPECT_THAT(*links.Receive(), IsEmpty());
}

// The neighbour entry that the other family's own group tells of.
TEST_F(MonitorTest, IsNotEvenWokenByOtherFamilies) {
  Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg header = {};
  header.ndm_family = AF_INET6;
  header.ndm_ifindex = static_cast<int>(main_);
  header.ndm_state = NUD_PERMANENT;
  const std::array<char, 16> address = {0x20, 0x01};
  request.PutHeader(header)
      .PutText(NDA_DST, {address.data(), address.size()})
      .PutMac(NDA_LLADDR, base::Mac({2}));
  Do(request);
  pollfd ready = {monitor_.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
}

class PodMonitorTest : public MonitorTest {
 protected:
  // Its peer is in a pod's namespace, which thereby gets a number.
  void SetUp() override {
    Do(CreateVeth({.inner = {kOuter + 1, "a", {}, 0},
                   .netns_fd = pod_.get(),
                   .outer = {kOuter, "b", {}, 0}}));
    netnsid_ = GetLink(lab_.host(), kOuter)->peer_netnsid;
    ASSERT_TRUE(netnsid_);
    HearAll(everywhere_);
    Hear();
  }
  void DoInPod(const Request& request) {
    ASSERT_EQ(socket_.Transact(request), absl::OkStatus());
  }

  base::Fd pod_ = MakeNetns();
  Socket socket_ = *SocketIn(pod_.get());
  std::optional<int32_t> netnsid_;
  Monitor everywhere_ = *Monitor::OpenForAll(
      {MonitorGroup::kAddress, MonitorGroup::kRoute, MonitorGroup::kNeighbor});
};

TEST_F(PodMonitorTest, HearsWhatHappensInPodsAndInWhich) {
  DoInPod(AddAddress({.ifindex = kOuter + 1, .address = kPod}));
  const std::vector<Notice> notices = HearAll(everywhere_);
  ASSERT_FALSE(notices.empty());
  EXPECT_TRUE(std::holds_alternative<AddressChanged>(notices[0].event));
  EXPECT_EQ(notices[0].netnsid, netnsid_);
}

TEST_F(PodMonitorTest, TellsItsOwnNamespaceFromPods) {
  Do(SetPermanentNeighbor(main_, kPod, base::Mac({2})));
  const std::vector<Notice> notices = HearAll(everywhere_);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].netnsid, std::nullopt);
}

TEST_F(PodMonitorTest, HearsNothingOfPodsUnlessItWasAskedTo) {
  DoInPod(AddAddress({.ifindex = kOuter + 1, .address = kPod}));
  EXPECT_THAT(Hear(), IsEmpty());
}

TEST_F(MonitorTest, SaysWhenEventsWereLost) {
  const int small = 4096;
  ASSERT_EQ(
      setsockopt(monitor_.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
      0);
  Batch batch;
  for (uint32_t i = 1; i <= 100; ++i) {
    batch.Add(AddRule(PodRule(base::Ipv4(i))));
  }
  lab_.host().Transact(batch);
  EXPECT_TRUE(First<Overrun>());
}

TEST_F(MonitorTest, HasRoomForAThousandPodsAtOnce) {
  Batch batch;
  for (uint32_t i = 1; i <= 1000; ++i) {
    batch.Add(AddRule(PodRule(base::Ipv4(i))));
    batch.Add(AddRoute(
        {.destination = base::Ipv4Prefix::Containing(base::Ipv4(i << 8), 32),
         .ifindex = main_}));
  }
  lab_.host().Transact(batch);
  size_t heard = 0;
  for (size_t more = 1; more > 0; heard += more) {
    const std::vector<Event> events = Hear();
    more = events.size();
    for (const Event& event : events) {
      ASSERT_FALSE(std::holds_alternative<Overrun>(event));
    }
  }
  EXPECT_EQ(heard, 2000u);
}

TEST_F(MonitorTest, ItsDescriptorIsReadableWhenThereIsSomething) {
  pollfd ready = {monitor_.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  Do(AddRule(PodRule(kPod)));
  EXPECT_EQ(poll(&ready, 1, 0), 1);
}

}  // namespace
}  // namespace netlink
