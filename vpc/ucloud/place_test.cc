#include "vpc/ucloud/place.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

base::Mac MacOf(uint8_t last) {
  return base::Mac({0x52, 0x54, 0x00, 0x00, 0x00, last});
}

// The second interface is the main one, two are in one subnet.
Identity Host() {
  return {.region = "cn-bj2",
          .zone = "cn-bj2-04",
          .instance_id = "uhost-1",
          .project_id = "org-1",
          .interfaces = {{.id = "uni-1",
                          .mac = MacOf(1),
                          .subnet_id = "subnet-a",
                          .vpc_id = "uvnet-1"},
                         {.id = "uni-2",
                          .mac = MacOf(2),
                          .is_default = true,
                          .subnet_id = "subnet-b",
                          .vpc_id = "uvnet-1"},
                         {.id = "uni-3",
                          .mac = MacOf(3),
                          .subnet_id = "subnet-b",
                          .vpc_id = "uvnet-1"}}};
}

Place Of(const Environment& environment, const Wish& wish) {
  const auto place = PlaceOf(Host(), environment, wish);
  EXPECT_TRUE(place.ok()) << place.status();
  return place.value_or(Place{});
}

TEST(PlaceTest, IsTheMainInterfaceUnlessAnotherIsWanted) {
  EXPECT_EQ(Of({}, {}), (Place{.region = "cn-bj2",
                               .zone = "cn-bj2-04",
                               .project_id = "org-1",
                               .vpc_id = "uvnet-1",
                               .subnet_id = "subnet-b",
                               .object_id = "uni-2",
                               .mac = MacOf(2),
                               .instance_id = "uhost-1"}));
}

TEST(PlaceTest, TheWishedSubnetChoosesTheInterfaceButNotTheObject) {
  const Place place = Of({}, {.subnet_id = "subnet-a"});
  EXPECT_EQ(place.mac, MacOf(1));
  EXPECT_EQ(place.subnet_id, "subnet-a");
  EXPECT_EQ(place.object_id, "uni-2");
}

TEST(PlaceTest, OfSeveralInTheSubnetTheMainOneIsTaken) {
  EXPECT_EQ(Of({}, {.subnet_id = "subnet-b"}).mac, MacOf(2));
}

TEST(PlaceTest, TheWishedMacIsTakenWhereverItIs) {
  EXPECT_EQ(Of({}, {.mac = MacOf(3)}).mac, MacOf(3));
  EXPECT_EQ(Of({.subnet_id = "subnet-a"}, {.mac = MacOf(3)}).mac, MacOf(3));
}

TEST(PlaceTest, AnotherHostsMacIsNotFound) {
  const auto place = PlaceOf(Host(), {}, {.mac = MacOf(9)});
  EXPECT_EQ(place.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(place.status().message(), "uhost-1"));
  EXPECT_TRUE(absl::StrContains(place.status().message(), "52:54:00:00:00:09"));
}

TEST(PlaceTest, AMacOfAnotherSubnetThanWishedIsNotFound) {
  EXPECT_EQ(PlaceOf(Host(), {}, {.subnet_id = "subnet-a", .mac = MacOf(3)})
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

TEST(PlaceTest, TheClustersSubnetChoosesWhereTheNodeIsInIt) {
  EXPECT_EQ(Of({.subnet_id = "subnet-a"}, {}).mac, MacOf(1));
}

TEST(PlaceTest, AClustersSubnetThatTheNodeIsNotInDoesNotCount) {
  EXPECT_EQ(Of({.subnet_id = "subnet-z"}, {}).mac, MacOf(2));
}

TEST(PlaceTest, TheClustersRegionAndProjectGoBeforeTheMetadatas) {
  const Place place = Of({.region = "vn-sng", .project_id = "org-2"}, {});
  EXPECT_EQ(place.region, "vn-sng");
  EXPECT_EQ(place.project_id, "org-2");
}

TEST(PlaceTest, TheVpcIsTheInterfacesAndElseTheClusters) {
  EXPECT_EQ(Of({.vpc_id = "uvnet-2"}, {}).vpc_id, "uvnet-1");
  Identity host = Host();
  host.interfaces[0].vpc_id = "";
  EXPECT_EQ(PlaceOf(host, {.vpc_id = "uvnet-2"}, {.mac = MacOf(1)})->vpc_id,
            "uvnet-2");
}

TEST(PlaceTest, AnInterfaceWhoseSubnetIsNotToldIsRefused) {
  Identity host = Host();
  host.interfaces[0].subnet_id = "";
  EXPECT_EQ(PlaceOf(host, {}, {.mac = MacOf(1)}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vpc::ucloud
