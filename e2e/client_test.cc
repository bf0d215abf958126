// The client of UCloud's API and vpcsim, which share no code, over real
// sockets: every action, in both encodings, with temporary keys of the
// metadata. That both misread the reference alike is for the recorded answers
// in testdata/vpc to show.
#include "vpc/ucloud/client.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/status.h"
#include "e2e/cloud.h"
#include "e2e/cloud_access.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/metadata.h"
#include "vpc/ucloud/metadata_service.h"
#include "vpc/ucloud/ret_code.h"
#include "vpc/ucloud/value.h"

namespace e2e {
namespace {

using base::Ipv4;
using base::Ipv4Prefix;
using base::Mac;
using vpc::ucloud::Access;
using vpc::ucloud::AccessOptions;
using vpc::ucloud::AllocateBatchSecondaryIp;
using vpc::ucloud::AllocateSecondaryIp;
using vpc::ucloud::AttachNetworkInterface;
using vpc::ucloud::BatchAnswer;
using vpc::ucloud::BatchItem;
using vpc::ucloud::CreateNetworkInterface;
using vpc::ucloud::DeleteNetworkInterface;
using vpc::ucloud::DeleteSecondaryIp;
using vpc::ucloud::DescribeInstanceNetworkInterface;
using vpc::ucloud::DescribeNetworkInterface;
using vpc::ucloud::DescribeSecondaryIp;
using vpc::ucloud::DescribeSubnet;
using vpc::ucloud::DescribeUHostInstance;
using vpc::ucloud::DetachNetworkInterface;
using vpc::ucloud::Encoding;
using vpc::ucloud::InterfaceInfo;
using vpc::ucloud::IpInfo;
using vpc::ucloud::MetadataService;
using vpc::ucloud::MoveSecondaryIPMac;
using vpc::ucloud::OutcomeIsUnknown;
using vpc::ucloud::SubnetInfo;
using vpc::ucloud::SubnetsAnswer;

constexpr char kSubnet[] = "subnet-1";
constexpr char kVpc[] = "uvnet-1";
constexpr char kZone[] = "cn-bj2-04";

Ipv4 Ip(const char* text) { return *Ipv4::Parse(text); }

class CloudClientTest : public testing::TestWithParam<Encoding> {
 protected:
  // With three hosts.
  void Start(const char* subnet = "10.9.0.0/24",
             const char* batch_shape = "reference") {
    auto cloud = Cloud::Start({.subnet = *Ipv4Prefix::Parse(subnet),
                               .hosts = 3,
                               .batch_shape = batch_shape});
    ASSERT_TRUE(cloud.ok()) << cloud.status();
    cloud_ = *std::move(cloud);
    access_ = Open(AsHost1());
  }

  AccessOptions AsHost1() const {
    AccessOptions options = AccessOf(*cloud_, 0);
    options.client.encoding = GetParam();
    return options;
  }

  static std::shared_ptr<Access> Open(const AccessOptions& options) {
    auto access = Access::Open(options);
    EXPECT_TRUE(access.ok()) << access.status();
    return *std::move(access);
  }

  template <typename Request>
  absl::StatusOr<typename Request::Answer> Call(const Request& request) {
    return access_->client().Call(request, {});
  }

  // Errors as in Call; there must be none.
  template <typename Request>
  typename Request::Answer MustCall(const Request& request) {
    auto answer = Call(request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : typename Request::Answer();
  }

  static AllocateSecondaryIp Allocation(int host) {
    return {.zone = kZone,
            .mac = Cloud::MacOf(host),
            .object_id = absl::StrCat("uni-", host + 1),
            .subnet_id = kSubnet,
            .vpc_id = kVpc};
  }

  static AllocateBatchSecondaryIp Batch(int count,
                                        std::vector<Ipv4Prefix> ips = {}) {
    const AllocateSecondaryIp one = Allocation(0);
    return {.zone = one.zone,
            .mac = one.mac,
            .object_id = one.object_id,
            .subnet_id = one.subnet_id,
            .vpc_id = one.vpc_id,
            .count = count,
            .ips = std::move(ips)};
  }

  static DeleteSecondaryIp Deletion(Ipv4 ip, int host) {
    return {.zone = kZone,
            .ip = ip,
            .mac = Cloud::MacOf(host),
            .subnet_id = kSubnet,
            .vpc_id = kVpc};
  }

  // Those of a host's interface, by the client.
  std::set<Ipv4> Listed(int host) {
    std::set<Ipv4> listed;
    const auto answer = MustCall(DescribeSecondaryIp{
        .subnet_id = kSubnet, .vpc_id = kVpc, .mac = Cloud::MacOf(host)});
    for (const IpInfo& info : answer.ips) {
      EXPECT_EQ(info.mac, Cloud::MacOf(host));
      listed.insert(info.ip);
    }
    return listed;
  }

  // The same by the simulator's own table.
  std::set<Ipv4> Had(int host) {
    const auto had = cloud_->AddressesOf(host);
    EXPECT_TRUE(had.ok()) << had.status();
    return had.value_or(std::set<Ipv4>());
  }

  void Fault(absl::string_view rule) {
    const auto status = cloud_->SetFaults(absl::StrCat("[", rule, "]"));
    ASSERT_TRUE(status.ok()) << status;
  }

  // How many calls ended so.
  uint64_t Ended(absl::string_view action, absl::string_view outcome) {
    const vpc::Usage usage = access_->client().usage();
    const auto found =
        usage.calls.find({std::string(action), std::string(outcome)});
    return found == usage.calls.end() ? 0 : found->second.count;
  }

  std::unique_ptr<Cloud> cloud_;
  std::shared_ptr<Access> access_;
};

INSTANTIATE_TEST_SUITE_P(Encodings, CloudClientTest,
                         testing::Values(Encoding::kForm, Encoding::kJson),
                         [](const auto& info) {
                           return info.param == Encoding::kForm ? "Form"
                                                                : "Json";
                         });

// --- addresses

TEST_P(CloudClientTest, AnAddressIsAllocatedMovedAndDeleted) {
  Start();
  const IpInfo given = MustCall(Allocation(0)).ip;
  EXPECT_EQ(given.mac, Cloud::MacOf(0));
  EXPECT_EQ(given.prefix_length, 24);
  EXPECT_EQ(given.gateway, Ip("10.9.0.1"));
  EXPECT_EQ(given.subnet_id, kSubnet);
  EXPECT_EQ(given.vpc_id, kVpc);
  EXPECT_EQ(Listed(0), Had(0));
  EXPECT_EQ(Listed(0), std::set<Ipv4>({given.ip}));

  const MoveSecondaryIPMac move = {.ip = given.ip,
                                   .old_mac = Cloud::MacOf(0),
                                   .new_mac = Cloud::MacOf(1),
                                   .subnet_id = kSubnet};
  MustCall(move);
  EXPECT_FALSE(Call(move).ok());  // it isn't the old one's any more
  EXPECT_EQ(Listed(1), std::set<Ipv4>({given.ip}));

  EXPECT_TRUE(absl::IsNotFound(Call(Deletion(given.ip, 0)).status()));
  MustCall(Deletion(given.ip, 1));
  EXPECT_TRUE(absl::IsNotFound(Call(Deletion(given.ip, 1)).status()));
  EXPECT_TRUE(Had(1).empty());
}

TEST_P(CloudClientTest, AVeryAddressIsGivenToOneOnly) {
  Start();
  AllocateSecondaryIp mine = Allocation(0);
  AllocateSecondaryIp theirs = Allocation(1);
  mine.ip = theirs.ip = Ip("10.9.0.77");
  EXPECT_EQ(MustCall(mine).ip.ip, Ip("10.9.0.77"));
  const auto refused = Call(theirs).status();
  EXPECT_FALSE(refused.ok());
  EXPECT_FALSE(OutcomeIsUnknown(refused)) << refused;
  EXPECT_TRUE(Had(1).empty());
}

TEST_P(CloudClientTest, ABatchGivesAsManyAsWereAskedFor) {
  // Both shapes of the answer that the reference has.
  for (const char* shape : {"reference", "example"}) {
    SCOPED_TRACE(shape);
    Start("10.9.0.0/24", shape);
    const BatchAnswer given = MustCall(Batch(5));
    std::set<Ipv4> ips;
    for (const BatchItem& item : given.items) {
      EXPECT_TRUE(item.succeeded) << item.message;
      EXPECT_EQ(item.mac, Cloud::MacOf(0));
      ASSERT_TRUE(item.addresses);
      ips.insert(item.addresses->first());
    }
    EXPECT_EQ(ips.size(), 5U);
    EXPECT_EQ(ips, Had(0));
  }
}

TEST_P(CloudClientTest, ABatchOfNamedAddressesMaySucceedInPart) {
  Start();
  AllocateSecondaryIp theirs = Allocation(1);
  theirs.ip = Ip("10.9.0.65");
  MustCall(theirs);
  const BatchAnswer given =
      MustCall(Batch(0, {*Ipv4Prefix::Parse("10.9.0.64/30"),
                         *Ipv4Prefix::Parse("10.9.0.80/32")}));
  int failed = 0;
  for (const BatchItem& item : given.items) failed += item.succeeded ? 0 : 1;
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(Had(0), std::set<Ipv4>({Ip("10.9.0.64"), Ip("10.9.0.66"),
                                    Ip("10.9.0.67"), Ip("10.9.0.80")}));
}

TEST_P(CloudClientTest, AFullSubnetIsResourceExhausted) {
  Start("10.9.0.0/29");
  absl::Status status;
  for (int i = 0; i < 8 && status.ok(); ++i) {
    status = Call(Allocation(0)).status();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(absl::IsResourceExhausted(Call(Batch(2)).status()));
  const SubnetsAnswer subnets =
      MustCall(DescribeSubnet{.subnet_ids = {kSubnet}, .vpc_id = kVpc});
  ASSERT_EQ(subnets.subnets.size(), 1U);
  EXPECT_EQ(subnets.subnets[0].available_ips, 0);
}

TEST_P(CloudClientTest, ASubnetIsDescribed) {
  Start();
  const auto free = MustCall(DescribeSubnet{.vpc_id = kVpc});
  MustCall(Batch(10));
  const auto answer = MustCall(DescribeSubnet{.subnet_ids = {kSubnet}});
  EXPECT_EQ(answer.total, 1);
  ASSERT_EQ(answer.subnets.size(), 1U);
  const SubnetInfo& subnet = answer.subnets[0];
  EXPECT_EQ(subnet.prefix.ToString(), "10.9.0.0/24");
  EXPECT_EQ(subnet.gateway, Ip("10.9.0.1"));
  EXPECT_EQ(subnet.zone, kZone);
  ASSERT_TRUE(subnet.available_ips && free.subnets[0].available_ips);
  EXPECT_EQ(*subnet.available_ips, *free.subnets[0].available_ips - 10);
}

// --- interfaces and hosts

TEST_P(CloudClientTest, AnInterfaceIsMadeAttachedDetachedAndDeleted) {
  Start();
  const InterfaceInfo made =
      MustCall(CreateNetworkInterface{.vpc_id = kVpc,
                                      .subnet_id = kSubnet,
                                      .name = "second",
                                      .sec_groups = {{"secgroup-1", 2}}})
          .interface;
  EXPECT_EQ(made.name, "second");
  EXPECT_EQ(made.attached_to, "");
  ASSERT_EQ(made.primary_ips.size(), 1U);

  const AttachNetworkInterface attach = {made.interface_id, "host-2"};
  MustCall(attach);
  EXPECT_TRUE(absl::IsAlreadyExists(Call(attach).status()));
  const auto theirs =
      MustCall(DescribeInstanceNetworkInterface{.instance_id = "host-2"});
  ASSERT_EQ(theirs.interfaces.size(), 2U);
  EXPECT_TRUE(theirs.interfaces[0].is_default);
  EXPECT_EQ(theirs.interfaces[1].mac, made.mac);

  const auto hosts = MustCall(DescribeUHostInstance{.host_ids = {"host-2"}});
  ASSERT_EQ(hosts.hosts.size(), 1U);
  EXPECT_EQ(hosts.hosts[0].addresses.size(), 2U);

  const DetachNetworkInterface detach = {made.interface_id, "host-2"};
  MustCall(detach);
  EXPECT_FALSE(Call(detach).ok());
  MustCall(DeleteNetworkInterface{made.interface_id});
  EXPECT_TRUE(
      MustCall(DescribeNetworkInterface{.interface_ids = {made.interface_id}})
          .interfaces.empty());
}

TEST_P(CloudClientTest, InterfacesAreListedInPages) {
  Start();
  std::set<std::string> ids;
  for (int offset = 0; offset < 3; offset += 2) {
    const auto page = MustCall(DescribeNetworkInterface{
        .subnet_id = kSubnet, .offset = offset, .limit = 2});
    EXPECT_EQ(page.total, 3);
    for (const InterfaceInfo& one : page.interfaces) {
      ids.insert(one.interface_id);
    }
  }
  EXPECT_EQ(ids, std::set<std::string>({"uni-1", "uni-2", "uni-3"}));
}

TEST_P(CloudClientTest, AHostIsToldWhoItIs) {
  Start();
  absl::BitGen random;
  MetadataService metadata({.base_url = cloud_->metadata(1)},
                           MetadataService::RealMeans(), random);
  const auto identity = metadata.GetIdentity();
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->instance_id, "host-2");
  EXPECT_EQ(identity->zone, kZone);
  EXPECT_EQ(vpc::ucloud::MainInterface(*identity)->mac, Cloud::MacOf(1));
  EXPECT_EQ(vpc::ucloud::ObjectIdOf(*identity), "uni-2");
}

// --- keys

TEST_P(CloudClientTest, AnExpiredTokenIsReplacedAndTheCallMadeAgain) {
  Start();
  MustCall(Allocation(0));
  Fault(R"({"when":{"next":1},"do":{"expire_token":true}})");
  MustCall(Allocation(0));
  EXPECT_EQ(Ended("AllocateSecondaryIp", "174"), 1U);
  EXPECT_EQ(Ended("AllocateSecondaryIp", "0"), 2U);
  EXPECT_EQ(Had(0).size(), 2U);
}

TEST_P(CloudClientTest, KeysThatTheCloudDoesNotKnowAreUnauthenticated) {
  Start();
  AccessOptions options = AsHost1();
  options.role = "";
  options.variables = {{"UCLOUD_API_PUBKEY", "nobody"},
                       {"UCLOUD_API_PRIKEY", "a secret of nobody's"}};
  access_ = Open(options);
  const auto status = Call(Allocation(0)).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_FALSE(absl::StrContains(status.ToString(), "secret of"));
}

// --- what goes wrong

TEST_P(CloudClientTest, ThrottledCallsAreMadeAgain) {
  Start();
  Fault(R"({"when":{"next":2},"do":{"ret_code":153}})");
  MustCall(Allocation(0));
  EXPECT_EQ(Ended("AllocateSecondaryIp", "153"), 2U);
  EXPECT_EQ(Had(0).size(), 1U);
}

TEST_P(CloudClientTest, AnAllocationThatMayHaveBeenDoneIsNotMadeAgain) {
  for (const char* fault :
       {R"("do":{"ret_code":110,"effect":"done"})", R"("do":{"reset":"after"})",
        R"("do":{"http_status":504,"effect":"done"})",
        R"("do":{"hang_ms":20,"effect":"done"})"}) {
    SCOPED_TRACE(fault);
    Start();
    Fault(absl::StrCat(R"({"match":{"action":"write"},)", fault, "}"));
    const auto status = Call(Allocation(0)).status();
    EXPECT_TRUE(OutcomeIsUnknown(status)) << status;
    EXPECT_EQ(Listed(0).size(), 1U);  // done, and once
  }
}

TEST_P(CloudClientTest, ADeletionThatMayHaveBeenDoneIsMadeAgain) {
  Start();
  const Ipv4 ip = MustCall(Allocation(0)).ip.ip;
  Fault(R"({"when":{"next":1},"do":{"reset":"after"}})");
  EXPECT_TRUE(absl::IsNotFound(Call(Deletion(ip, 0)).status()));
  EXPECT_TRUE(Had(0).empty());
}

TEST_P(CloudClientTest, AReadIsMadeAgainWhateverHappened) {
  Start();
  const Ipv4 ip = MustCall(Allocation(0)).ip.ip;
  Fault(R"({"match":{"action":"read"},"when":{"next":2},)"
        R"("do":{"reset":"before"}})");
  EXPECT_EQ(Listed(0), std::set<Ipv4>({ip}));
}

}  // namespace
}  // namespace e2e
