#include "kube/objects.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

base::Json Parse(const std::string& text) { return *base::Json::Parse(text); }

constexpr char kPod[] = R"({
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {
    "name": "web-0", "namespace": "shop", "uid": "u1", "resourceVersion": "77",
    "labels": {"app": "web"},
    "annotations": {"a": "b",
      "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    "ownerReferences": [
      {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u2"},
      {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web",
       "uid": "u3", "controller": true, "blockOwnerDeletion": true}],
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "deletionTimestamp": null
  },
  "spec": {"nodeName": "node-a", "hostNetwork": true, "containers": []},
  "status": {"phase": "Running", "podIP": "10.0.0.7", "podIPs": null}
})";

TEST(PodTest, HasWhatWeLookAt) {
  const auto pod = DecodePod(Parse(kPod));
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(pod->meta.key, (ObjectKey{"shop", "web-0"}));
  EXPECT_EQ(pod->meta.uid, "u1");
  EXPECT_EQ(pod->meta.resource_version, "77");
  EXPECT_EQ(pod->meta.Label("app"), "web");
  EXPECT_EQ(pod->meta.Annotation("a"), "b");
  EXPECT_EQ(pod->node, "node-a");
  EXPECT_TRUE(pod->host_network);
  EXPECT_EQ(pod->phase, Pod::Phase::kRunning);
  EXPECT_EQ(pod->ip, *base::Ipv4::Parse("10.0.0.7"));
  EXPECT_FALSE(pod->IsOver());
  EXPECT_EQ(pod->meta.created, absl::FromUnixSeconds(1767323045));
  EXPECT_EQ(pod->meta.deletion, std::nullopt);
}

TEST(PodTest, KnowsWhoControlsIt) {
  const auto pod = DecodePod(Parse(kPod));
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(pod->meta.owners.size(), 2U);
  ASSERT_NE(pod->meta.Controller(), nullptr);
  EXPECT_EQ(*pod->meta.Controller(),
            (Owner{"apps/v1", "StatefulSet", "web", "u3", true}));
}

TEST(PodTest, KeepsNothingOfWhatKubectlRemembers) {
  EXPECT_EQ(DecodePod(Parse(kPod))->meta.annotations.size(), 1U);
}

TEST(PodTest, ANameIsEnough) {
  const auto pod = DecodePod(Parse(R"({"metadata":{"name":"a"}})"));
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(*pod, (Pod{.meta = {.key = {"", "a"}}}));
  EXPECT_EQ(pod->meta.Controller(), nullptr);
}

TEST(PodTest, IsOverWhenItsContainersHaveEndedForGood) {
  for (const std::string phase : {"Succeeded", "Failed"}) {
    const auto pod = DecodePod(Parse(absl::StrCat(
        R"({"metadata":{"name":"a"},"status":{"phase":")", phase, "\"}}")));
    ASSERT_TRUE(pod.ok());
    EXPECT_TRUE(pod->IsOver());
  }
}

TEST(PodTest, AnIpv6AddressIsNoneOfOurs) {
  const auto pod = DecodePod(
      Parse(R"({"metadata":{"name":"a"},"status":{"podIP":"fd00::1"}})"));
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->ip, std::nullopt);
}

TEST(PodTest, ErrorsNameTheField) {
  const struct {
    const char* json;
    const char* field;
  } kCases[] = {
      {"{}", "metadata"},
      {R"({"metadata":{}})", "metadata.name"},
      {R"({"metadata":[]})", "metadata"},
      {R"({"metadata":{"name":"a","labels":{"x":1}}})", "metadata.labels"},
      {R"({"metadata":{"name":"a","creationTimestamp":"then"}})",
       "metadata.creationTimestamp"},
      {R"({"metadata":{"name":"a"},"spec":7})", "spec"},
      {R"({"metadata":{"name":"a"},"spec":{"hostNetwork":"yes"}})",
       "spec.hostNetwork"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = DecodePod(Parse(c.json)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.json;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.field));
  }
}

TEST(NodeTest, HasItsAddressesAndIsReadyWhenItSaysSo) {
  const auto node = DecodeNode(Parse(R"({
    "metadata": {"name": "n", "uid": "u"},
    "spec": {"providerID": "UCloud://cn-bj2-02//uk8s-x", "unschedulable": true},
    "status": {
      "addresses": [{"type": "Hostname", "address": "n"},
                    {"type": "InternalIP", "address": "fd00::1"},
                    {"type": "InternalIP", "address": "10.0.0.3"}],
      "conditions": [{"type": "MemoryPressure", "status": "False"},
                     {"type": "Ready", "status": "True"}]}})"));
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_TRUE(node->ready);
  EXPECT_TRUE(node->unschedulable);
  EXPECT_EQ(node->provider_id, "UCloud://cn-bj2-02//uk8s-x");
  EXPECT_THAT(node->internal_ips, ElementsAre(*base::Ipv4::Parse("10.0.0.3")));
}

TEST(NodeTest, ANewNodeIsNotReady) {
  const auto node = DecodeNode(Parse(R"({"metadata":{"name":"n"}})"));
  ASSERT_TRUE(node.ok());
  EXPECT_FALSE(node->ready);
  EXPECT_THAT(node->internal_ips, IsEmpty());
}

TEST(StatefulSetTest, HasItsSizeAndItsPodsAnnotations) {
  const auto set = DecodeStatefulSet(Parse(R"({
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 0, "ordinals": {"start": 2},
             "template": {"metadata": {"annotations": {"k": "v"}}}}})"));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->replicas, 0);
  EXPECT_EQ(set->first_ordinal, 2);
  EXPECT_EQ(set->pod_annotations.at("k"), "v");
}

TEST(StatefulSetTest, HasOneReplicaByDefault) {
  const auto set = DecodeStatefulSet(Parse(R"({"metadata":{"name":"web"}})"));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->replicas, 1);
  EXPECT_EQ(set->first_ordinal, 0);
}

TEST(LeaseTest, HasItsHolderAndTimesToTheMicrosecond) {
  const auto lease = DecodeLease(Parse(R"({
    "metadata": {"name": "l", "namespace": "kube-system"},
    "spec": {"holderIdentity": "node-a", "leaseDurationSeconds": 15,
             "acquireTime": "2026-01-02T03:04:05.000001Z",
             "renewTime": "2026-01-02T03:04:06.500000Z",
             "leaseTransitions": 4}})"));
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_EQ(lease->holder, "node-a");
  EXPECT_EQ(lease->duration, absl::Seconds(15));
  EXPECT_EQ(lease->acquired, absl::FromUnixMicros(1767323045000001));
  EXPECT_EQ(lease->renewed, absl::FromUnixMicros(1767323046500000));
  EXPECT_EQ(lease->transitions, 4);
}

TEST(LeaseTest, ADurationBeyondADayIsAMistake) {
  for (const int64_t seconds :
       {int64_t{-1}, int64_t{86401}, int64_t{1} << 60}) {
    EXPECT_EQ(DecodeLease(Parse(absl::StrCat(
                              R"({"metadata":{"name":"l"},"spec":)",
                              R"({"leaseDurationSeconds":)", seconds, "}}")))
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kube
