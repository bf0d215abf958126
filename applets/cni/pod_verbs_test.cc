// ADD, CHECK and DEL in real network namespaces: a node with an eth0, and pods.
#include "applets/cni/pod_fixture.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/cni/spec_version.h"
#include "base/fd.h"
#include "base/json.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/route.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

using AddTest = PodVerbsTest;
using DelTest = PodVerbsTest;
using CheckTest = PodVerbsTest;

TEST_F(AddTest, MakesTheNetworkAndTellsOfIt) {
  const Outcome added = Add("c1", pod_);
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_EQ(added.log, "");
  const auto result = base::Json::Parse(added.out);
  ASSERT_TRUE(result.ok());
  const auto interfaces = *result->Array("interfaces");
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_EQ(*interfaces[0].String("name"), HostIfname());
  EXPECT_EQ(*interfaces[1].String("name"), "eth0");
  EXPECT_EQ(*interfaces[1].String("sandbox"), lab_.PathOf(pod_));
  const auto ips = *result->Array("ips");
  EXPECT_EQ(*ips[0].String("address"), "10.126.3.1/32");
  EXPECT_EQ(*ips[0].String("gateway"), "10.126.0.11");

  EXPECT_TRUE(lab_.HasLink(HostIfname()));
  netlink::Socket in_pod = *netlink::SocketIn(pod_.get());
  const auto eth0 = netlink::GetLink(in_pod, "eth0");
  ASSERT_TRUE(eth0.ok());
  EXPECT_EQ(eth0->mac.ToString(), *interfaces[1].String("mac"));
  EXPECT_EQ(eth0->mtu_bytes, 1452u);
  EXPECT_EQ(node_.attached,
            (std::vector<base::Attachment>{{"net", "c1", "eth0"}}));
  EXPECT_EQ(node_.acquired[0].started_at, absl::Seconds(77));
}

TEST_F(AddTest, AnswersInEveryVersion) {
  for (const SpecVersion version : kSpecVersions) {
    const std::string config = absl::StrCat(R"({"name":"net","cniVersion":")",
                                            ToString(version), "\"}");
    const Outcome added = CallPlugin(Environ("ADD", "c1", pod_), config, node_);
    ASSERT_EQ(added.exit_status, 0) << added.out;
    EXPECT_EQ(TextIn(added, "cniVersion"), ToString(version));
    EXPECT_EQ(Del("c1").exit_status, 0);
  }
}

TEST_F(AddTest, KeepsThePreviousResultAndTellsTheDns) {
  const Outcome added = CallPlugin(
      Environ("ADD", "c1", pod_),
      ConfigOf(R"(,"dns":{"nameservers":["10.126.0.2"]},"prevResult":{)"
               R"("interfaces":[{"name":"br0"}],"x":[1]})"),
      node_);
  const auto result = base::Json::Parse(added.out);
  ASSERT_TRUE(result.ok()) << added.out;
  EXPECT_EQ(result->Array("interfaces")->size(), 3u);
  EXPECT_EQ(result->Array("ips")->at(0).Int("interface").value(), 2);
  EXPECT_EQ(result->Find("x")->Dump(), "[1]");
  EXPECT_EQ(result->Find("dns")->Dump(), R"({"nameservers":["10.126.0.2"]})");
}

TEST_F(AddTest, AnInterfaceThatExistsIsRefusedAndLeftAlone) {
  ASSERT_EQ(Add("c1", pod_).exit_status, 0);
  const Outcome refused = Add("other", pod_);
  EXPECT_EQ(CodeIn(refused), 4);
  EXPECT_TRUE(absl::StartsWith(TextIn(refused, "msg"), "CNI_IFNAME: "))
      << refused.out;
  EXPECT_TRUE(lab_.PodHasLink(pod_, "eth0"));
  EXPECT_FALSE(node_.leases.contains({"net", "other", "eth0"}));
  EXPECT_EQ(Del("other").exit_status, 0);
  EXPECT_TRUE(lab_.PodHasLink(pod_, "eth0"));
  EXPECT_EQ(lab_.Rules(), 1u);
}

TEST_F(AddTest, ASecondAddOfAnAttachmentLeavesTheFirstAsItIs) {
  const Outcome added = Add("c1", pod_);
  EXPECT_EQ(CodeIn(Add("c1", pod_)), 4);
  EXPECT_TRUE(node_.leases.contains({"net", "c1", "eth0"}));
  Variables variables = Environ("CHECK", "c1", pod_);
  EXPECT_EQ(CodeIn(Check("c1", ConfigWithResult(added))), 0);
}

TEST_F(AddTest, TheNodesOwnNetnsIsRefused) {
  const base::Fd own = lab_.OwnNetns();
  Variables variables = Environ("ADD", "c1", own);
  variables["CNI_IFNAME"] = "net1";
  const Outcome refused = CallPlugin(variables, ConfigOf(), node_);
  EXPECT_EQ(CodeIn(refused), 4);
  EXPECT_EQ(TextIn(refused, "msg"),
            "CNI_NETNS: is the node's own network namespace");
  EXPECT_TRUE(node_.acquired.empty());
}

TEST_F(AddTest, WithoutAnAddressThereIsNoNetwork) {
  node_.faults["Acquire"] = absl::ResourceExhaustedError("subnet-a is full");
  const Outcome failed = Add("c1", pod_);
  EXPECT_EQ(CodeIn(failed), 50);
  EXPECT_EQ(TextIn(failed, "details"), "subnet-a is full");
  EXPECT_EQ(lab_.HostEnds(), 0u);
}

TEST_F(AddTest, ADaemonThatIsSilentMeansTryAgain) {
  node_.faults["Acquire"] = absl::DeadlineExceededError("ipamd is silent");
  EXPECT_EQ(CodeIn(Add("c1", pod_)), 11);
  node_.faults.clear();
  node_.faults["Open"] = absl::UnavailableError("no connection");
  EXPECT_EQ(CodeIn(Add("c1", pod_)), 11);
}

TEST_F(AddTest, AKernelThatRefusesGetsTheLeaseBack) {
  // Another interface has the address that comes next.
  lab_.Must(netlink::AddRoute(
      {.destination = *base::Ipv4Prefix::Parse("10.126.3.1/32"),
       .ifindex = NodeLab::Interface().ifindex,
       .scope = 253}));
  const Outcome failed = Add("c1", pod_);
  EXPECT_EQ(CodeIn(failed), 102) << failed.out;
  EXPECT_TRUE(node_.leases.empty());
  EXPECT_TRUE(node_.attached.empty());
  EXPECT_EQ(lab_.HostEnds(), 0u);
  EXPECT_EQ(lab_.Rules(), 0u);
}

TEST_F(AddTest, ADaemonThatDiesBeforeTheEndLeavesNothingBehind) {
  node_.faults["Attached"] = absl::UnavailableError("ipamd went away");
  node_.faults["Release"] = absl::UnavailableError("ipamd went away");
  EXPECT_EQ(CodeIn(Add("c1", pod_)), 11);
  EXPECT_EQ(lab_.HostEnds(), 0u);
  EXPECT_EQ(lab_.Rules(), 0u);
  EXPECT_FALSE(lab_.PodHasLink(pod_, "eth0"));
}

TEST_F(AddTest, ANewSandboxOfThePodTakesTheOldOnesPlace) {
  ASSERT_EQ(Add("old", pod_).exit_status, 0);
  const base::Fd next = lab_.NewNetns();
  const Outcome added = Add("new", next);
  ASSERT_EQ(added.exit_status, 0) << added.out;
  // The old one's DEL comes late, as kubelet's do, and must not hit the new.
  EXPECT_EQ(Del("old").exit_status, 0);
  EXPECT_TRUE(lab_.PodHasLink(next, "eth0"));
  EXPECT_TRUE(lab_.HasLink(HostIfname()));
}

TEST_F(DelTest, TakesEverythingAwayAnyNumberOfTimes) {
  ASSERT_EQ(Add("c1", pod_).exit_status, 0);
  for (int i = 0; i < 6; ++i) {
    const Outcome deleted = Del("c1");
    EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
    EXPECT_EQ(deleted.out, "");
    EXPECT_EQ(deleted.log, "");
  }
  EXPECT_EQ(lab_.HostEnds(), 0u);
  EXPECT_EQ(lab_.Rules(), 0u);
  EXPECT_TRUE(node_.leases.empty());
}

TEST_F(DelTest, AContainerNobodyKnowsIsGoneAlready) {
  ASSERT_EQ(Add("c1", pod_).exit_status, 0);
  pod_name_ = "other";
  EXPECT_EQ(Del("never-added").exit_status, 0);
  EXPECT_EQ(lab_.HostEnds(), 1u);
}

TEST_F(DelTest, NeedsNeitherNetnsNorArgsNorAWholePrevResult) {
  ASSERT_EQ(Add("c1", pod_).exit_status, 0);
  pod_.Reset();  // the container is gone
  const Outcome deleted =
      CallPlugin({{"CNI_COMMAND", "DEL"},
                  {"CNI_CONTAINERID", "c1"},
                  {"CNI_NETNS", "/run/netns/gone"},
                  {"CNI_IFNAME", "eth0"}},
                 ConfigOf(R"(,"prevResult":"junk")"), node_);
  EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
  EXPECT_EQ(lab_.Rules(), 0u);
}

TEST_F(DelTest, ASilentDaemonsPartIsQueuedAndTheNetworkGoes) {
  for (const char* call : {"Open", "Release"}) {
    ASSERT_EQ(Add("c1", pod_).exit_status, 0);
    node_.faults[call] = absl::DeadlineExceededError("ipamd is silent");
    const Outcome deleted = Del("c1");
    EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
    EXPECT_EQ(deleted.out, "");
    EXPECT_TRUE(absl::StrContains(deleted.log, " WARNING verb=DEL "));
    EXPECT_EQ(lab_.HostEnds(), 0u);
    EXPECT_EQ(lab_.Rules(), 0u);
    ASSERT_EQ(node_.queue.size(), 1u);
    EXPECT_EQ(node_.queue[0].attachment,
              (base::Attachment{"net", "c1", "eth0"}));
    EXPECT_EQ(node_.queue[0].started_at, absl::Seconds(77));
    node_.faults.clear();
    node_.queue.clear();
    node_.leases.clear();
  }
}

TEST_F(DelTest, WithoutAQueueTheRuntimeMustTryAgain) {
  node_.faults["Release"] = absl::DeadlineExceededError("ipamd is silent");
  node_.faults["Enqueue"] = absl::UnavailableError("disk full");
  const Outcome deleted = Del("c1");
  EXPECT_EQ(CodeIn(deleted), 11);
  EXPECT_EQ(TextIn(deleted, "details"), "disk full");
}

TEST_F(CheckTest, PassesRightAfterAdd) {
  const Outcome added = Add("c1", pod_);
  const Outcome checked = Check("c1", ConfigWithResult(added));
  EXPECT_EQ(checked.exit_status, 0) << checked.out;
  EXPECT_EQ(checked.out, "");
}

TEST_F(CheckTest, ToleratesWhatLaterPluginsDo) {
  const Outcome added = Add("c1", pod_);
  netlink::Socket in_pod = *netlink::SocketIn(pod_.get());
  const auto eth0 = netlink::GetLink(in_pod, "eth0");
  ASSERT_TRUE(in_pod
                  .Transact(netlink::AddAddress(
                      {.ifindex = eth0->index,
                       .address = *base::Ipv4::Parse("10.9.9.9")}))
                  .ok());
  ASSERT_TRUE(in_pod
                  .Transact(netlink::ChangeLink(
                      {.ifindex = eth0->index, .mtu_bytes = 1300}))
                  .ok());
  std::string result = added.out;
  result.replace(result.find("\"ips\":["), 7,
                 R"("tuned":true,"ips":[{"address":"10.9.9.9/32"},)");
  EXPECT_EQ(Check("c1", ConfigOf(absl::StrCat(R"(,"prevResult":)", result)))
                .exit_status,
            0);
}

TEST_F(CheckTest, FailsWhenTheAddressIsGone) {
  const Outcome added = Add("c1", pod_);
  netlink::Socket in_pod = *netlink::SocketIn(pod_.get());
  const auto eth0 = netlink::GetLink(in_pod, "eth0");
  ASSERT_TRUE(in_pod
                  .Transact(netlink::RemoveAddress(
                      {.ifindex = eth0->index,
                       .address = *base::Ipv4::Parse("10.126.3.1")}))
                  .ok());
  EXPECT_EQ(CodeIn(Check("c1", ConfigWithResult(added))), 105);
}

TEST_F(CheckTest, FailsWhenTheInterfaceIsGone) {
  const Outcome added = Add("c1", pod_);
  lab_.Must(netlink::DeleteLink(HostIfname()));
  const Outcome checked = Check("c1", ConfigWithResult(added));
  EXPECT_EQ(CodeIn(checked), 105);
  EXPECT_NE(TextIn(checked, "details"), "");
}

TEST_F(CheckTest, FailsWithoutALease) {
  const Outcome added = Add("c1", pod_);
  node_.leases.clear();
  EXPECT_EQ(CodeIn(Check("c1", ConfigWithResult(added))), 3);
}

TEST_F(CheckTest, FailsWhenTheLeaseIsForAnotherAddress) {
  const Outcome added = Add("c1", pod_);
  node_.leases[{"net", "c1", "eth0"}] = *base::Ipv4::Parse("10.126.3.200");
  EXPECT_EQ(CodeIn(Check("c1", ConfigWithResult(added))), 105);
}

TEST_F(CheckTest, FailsWithoutADaemonToAsk) {
  const Outcome added = Add("c1", pod_);
  node_.faults["Open"] = absl::DeadlineExceededError("ipamd is silent");
  EXPECT_EQ(CodeIn(Check("c1", ConfigWithResult(added))), 11);
}

TEST_F(CheckTest, FailsWhenPrevResultHasNoSuchInterface) {
  ASSERT_EQ(Add("c1", pod_).exit_status, 0);
  EXPECT_EQ(CodeIn(Check("c1", ConfigOf(R"(,"prevResult":{"ips":[]})"))), 105);
}

}  // namespace
}  // namespace applets::cni
