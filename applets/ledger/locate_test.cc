#include "applets/ledger/locate.h"

#include <stdlib.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/http_lab.h"
#include "gtest/gtest.h"
#include "netlink/link.h"
#include "netlink/node_lab.h"

namespace applets::ledger {
namespace {

using absl::StatusCode;

constexpr char kNoSuchFile[] = "/nowhere/ucloud";
// NodeLab's.
const base::Mac kEth0({2, 0, 0, 0, 1, 1});

std::string Interface(const std::string& mac, const std::string& subnet) {
  return absl::StrCat(R"({"id":"uni-)", subnet, R"(","mac":")", mac,
                      R"(","subnet-id":")", subnet,
                      R"(","vpc-id":"uvnet-1","ips":[]})");
}

std::string Identity(const std::string& interfaces) {
  return absl::StrCat(
      R"({"region":"cn-bj2","availability-zone":"cn-bj2-04",)",
      R"("instance-id":"uhost-1","uhost":{"project-id":"org-1",)",
      R"("network-interfaces":[)", interfaces, "]}}");
}

// A node whose metadata are at 127.0.0.1.
class LocateTest : public testing::Test {
 protected:
  LocateTest() {
    const auto lo = netlink::GetLink(node_.host(), "lo");
    EXPECT_TRUE(lo.ok());
    EXPECT_TRUE(node_.host()
                    .Transact(netlink::ChangeLink(
                        {.ifindex = lo->index,
                         .state = netlink::LinkChange::State::kUp}))
                    .ok());
    metadata_ = std::make_unique<base::HttpLab>(
        [this](const base::LabRequest& request) { return Answer(request); });
    wanted_.vpc = "";
    wanted_.ucloud.metadata_url = metadata_->url();
    wanted_.ucloud.environment_file = kNoSuchFile;
  }

  base::LabAnswer Answer(const base::LabRequest& request) const {
    if (!up_) return {.then = base::LabAnswer::Then::kReset};
    if (request.target == "/meta-data/latest/region") return {.body = "cn-bj2"};
    if (request.target == "/meta-data/v1.json") return {.body = identity_};
    return {.status = 404};
  }

  absl::StatusOr<Location> Try(const std::string& stored = "") {
    return Locate(wanted_, stored, 1, node_.host());
  }

  netlink::NodeLab node_;
  bool up_ = true;
  std::string identity_ = Identity(Interface("02:00:00:00:01:01", "subnet-1"));
  std::unique_ptr<base::HttpLab> metadata_;
  VpcConfig wanted_;
};

TEST_F(LocateTest, ANodeWithMetadataIsInUcloudsVpc) {
  const auto found = Try();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->vpc.vpc, "ucloud");
  EXPECT_EQ(found->vpc.subnet, "subnet-1");
  EXPECT_EQ(found->vpc.interface, "eth0");
  EXPECT_EQ(found->vpc.ucloud.api_endpoint, "http://api.service.ucloud.cn");
  EXPECT_EQ(found->vpc.ucloud.place,
            (vpc::ucloud::Place{.region = "cn-bj2",
                                .zone = "cn-bj2-04",
                                .project_id = "org-1",
                                .vpc_id = "uvnet-1",
                                .subnet_id = "subnet-1",
                                .object_id = "uni-subnet-1",
                                .mac = kEth0,
                                .instance_id = "uhost-1"}));
  EXPECT_EQ(found->node.name, "eth0");
  EXPECT_EQ(found->node.mac, kEth0);
}

TEST_F(LocateTest, ACidrMeansTheEmbeddedVpcAndAsksNobody) {
  wanted_.subnet = "10.0.0.0/24";
  const auto found = Try();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->vpc.vpc, "embedded");
  EXPECT_EQ(found->node.name, "eth0");
  EXPECT_TRUE(metadata_->requests().empty());
}

TEST_F(LocateTest, WithNeitherMetadataNorASubnetTheFlagIsNamed) {
  up_ = false;
  const absl::Status status = Try().status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "--subnet=CIDR"));
  EXPECT_EQ(metadata_->requests().size(), 1U);
}

TEST_F(LocateTest, WhileMetadataAreAwayTheNodeIsWhereItWas) {
  const std::string stored = ToJson(Try()->vpc);
  up_ = false;
  const auto found = Try(stored);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->vpc, Try(stored)->vpc);
  EXPECT_EQ(found->vpc.ucloud.place.mac, kEth0);
  EXPECT_EQ(found->vpc.ucloud.api_endpoint, "http://api.service.ucloud.cn");
}

TEST_F(LocateTest, AnOldPlaceDoesNotStandForAnotherSubnet) {
  const std::string stored = ToJson(Try()->vpc);
  up_ = false;
  wanted_.subnet = "subnet-2";
  EXPECT_EQ(Try(stored).status().code(), StatusCode::kUnavailable);
}

TEST_F(LocateTest, WithoutMetadataAndPastUcloudIsUnavailable) {
  up_ = false;
  wanted_.vpc = "ucloud";
  EXPECT_EQ(Try().status().code(), StatusCode::kUnavailable);
}

// Bare metal's main interface needs not be the default route's.
TEST_F(LocateTest, AnInterfaceThatTheKernelLacksIsNotFound) {
  identity_ = Identity(Interface("02:00:00:00:09:09", "subnet-1"));
  EXPECT_EQ(Try().status().code(), StatusCode::kNotFound);
}

TEST_F(LocateTest, TheNamedInterfaceMustBeOneOfThisHost) {
  wanted_.interface = "eth0";
  EXPECT_TRUE(Try().ok());
  identity_ = Identity(Interface("02:00:00:00:09:09", "subnet-1"));
  const absl::Status status = Try().status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), "02:00:00:00:01:01"));
}

TEST_F(LocateTest, OfSeveralInterfacesTheSubnetsIsTaken) {
  identity_ =
      Identity(absl::StrCat(Interface("02:00:00:00:09:09", "subnet-1"), ",",
                            Interface("02:00:00:00:01:01", "subnet-2")));
  wanted_.subnet = "subnet-2";
  const auto found = Try();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->vpc.ucloud.place.mac, kEth0);
  EXPECT_EQ(found->vpc.ucloud.place.object_id, "uni-subnet-1");
}

TEST_F(LocateTest, TheEnvironmentFileOverridesAndAFlagDoesSoMore) {
  const std::string file = absl::StrCat(getenv("TEST_TMPDIR"), "/ucloud");
  std::ofstream(file) << "UCLOUD_API_ENDPOINT=https://api.example\n"
                         "UCLOUD_REGION_ID=vn-sng\n"
                         "UCLOUD_PROJECT_ID=org-2\n";
  wanted_.ucloud.environment_file = file;
  auto found = Try();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->vpc.ucloud.api_endpoint, "https://api.example");
  EXPECT_EQ(found->vpc.ucloud.place.region, "vn-sng");
  EXPECT_EQ(found->vpc.ucloud.place.project_id, "org-2");
  wanted_.ucloud.api_endpoint = "http://10.0.0.1:80";
  EXPECT_EQ(Try()->vpc.ucloud.api_endpoint, "http://10.0.0.1:80");
}

TEST_F(LocateTest, NothingSecretIsStored) {
  const std::string file = absl::StrCat(getenv("TEST_TMPDIR"), "/ucloud");
  std::ofstream(file) << "UCLOUD_API_PUBKEY=public-half\n"
                         "UCLOUD_API_PRIKEY=private-half\n";
  wanted_.ucloud.environment_file = file;
  const std::string stored = ToJson(Try()->vpc);
  EXPECT_FALSE(absl::StrContains(stored, "public-half"));
  EXPECT_FALSE(absl::StrContains(stored, "private-half"));
}

}  // namespace
}  // namespace applets::ledger
