#include "netlink/monitor.h"

#include <poll.h>
#include <sys/socket.h>

#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
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
    auto events = monitor_.Receive();
    EXPECT_TRUE(events.ok()) << events.status();
    return *std::move(events);
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
