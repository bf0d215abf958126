#include "netlink/route.h"

#include <linux/rtnetlink.h>

#include <cerrno>
#include <string>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/node_lab.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::Ipv4 kPod(0x0a090005);

class RouteTest : public ::testing::Test {
 protected:
  Route Wanted() {
    return {.destination = base::Ipv4Prefix::Containing(kPod, 32),
            .ifindex = lab_.node().ifindex,
            .scope = RT_SCOPE_LINK};
  }

  NodeLab lab_;
};

TEST_F(RouteTest, AddsFindsAndRemoves) {
  ASSERT_EQ(lab_.host().Transact(AddRoute(Wanted())), absl::OkStatus());
  const auto route = LookUpRoute(lab_.host(), kPod);
  ASSERT_TRUE(route.ok()) << route.status();
  EXPECT_EQ(route->destination.ToString(), "10.9.0.5/32");
  EXPECT_EQ(route->ifindex, lab_.node().ifindex);
  EXPECT_EQ(route->scope, RT_SCOPE_LINK);
  EXPECT_EQ(route->table, kMainTable);
  EXPECT_EQ(base::ErrnoOf(lab_.host().Transact(AddRoute(Wanted()))), EEXIST);
  ASSERT_EQ(lab_.host().Transact(ReplaceRoute(Wanted())), absl::OkStatus());
  ASSERT_EQ(lab_.host().Transact(RemoveRoute(Wanted())), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(lab_.host().Transact(RemoveRoute(Wanted()))), ESRCH);
}

TEST_F(RouteTest, ALookUpShowsTheEntryAsItStands) {
  EXPECT_EQ(LookUpRoute(lab_.host(), kPod)->destination.length(), 0);
  EXPECT_EQ(
      LookUpRoute(lab_.host(), NodeLab::kWireAddress)->destination.ToString(),
      "10.0.0.0/24");
}

TEST_F(RouteTest, ALookUpWithoutARouteSaysSo) {
  const FreshNetns empty;
  Socket socket = *Socket::Open();
  EXPECT_EQ(base::ErrnoOf(LookUpRoute(socket, kPod).status()), ENETUNREACH);
}

TEST_F(RouteTest, AnOnlinkGatewayNeedsNoAddressOnTheLink) {
  Route route = {.destination = base::Ipv4Prefix::Containing(kPod, 16),
                 .ifindex = lab_.node().ifindex,
                 .gateway = base::Ipv4(0xc0000201),
                 .metric = 7};
  const absl::Status refused = lab_.host().Transact(AddRoute(route));
  EXPECT_EQ(base::ErrnoOf(refused), ENETUNREACH);
  EXPECT_THAT(refused.message(), HasSubstr("Nexthop has invalid gateway"));
  route.onlink = true;
  ASSERT_EQ(lab_.host().Transact(AddRoute(route)), absl::OkStatus());
  const auto made = LookUpRoute(lab_.host(), kPod);
  EXPECT_TRUE(made->onlink);
  EXPECT_EQ(made->gateway, route.gateway);
  EXPECT_EQ(made->metric, 7u);
}

TEST_F(RouteTest, ListsByTableAndInterface) {
  ASSERT_EQ(lab_.host().Transact(AddRoute(Wanted())), absl::OkStatus());
  // With the subnet's and the default route.
  EXPECT_THAT(*ListRoutes(lab_.host(), RouteFilter{}), SizeIs(3));
  EXPECT_THAT(*ListRoutes(lab_.host(), {.ifindex = 1}), IsEmpty());
  EXPECT_THAT(*ListRoutes(lab_.host(), {.table = 4711}), IsEmpty());
}

TEST_F(RouteTest, TablesBeyond255Work) {
  Route route = Wanted();
  route.table = 1000;
  ASSERT_EQ(lab_.host().Transact(AddRoute(route)), absl::OkStatus());
  const auto routes = ListRoutes(lab_.host(), {.table = 1000});
  ASSERT_THAT(*routes, SizeIs(1));
  EXPECT_EQ(routes->front().table, 1000u);
  EXPECT_EQ(lab_.host().Transact(RemoveRoute(route)), absl::OkStatus());
}

}  // namespace
}  // namespace netlink
