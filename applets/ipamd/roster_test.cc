#include "applets/ipamd/roster.h"

#include <string>

#include "gtest/gtest.h"
#include "kube/custom_resources.h"

namespace applets::ipamd {
namespace {

const kube::ObjectKey kWeb = {"shop", "web-0"};

kube::Pod Scheduled(const std::string& uid) {
  kube::Pod pod;
  pod.meta.key = kWeb;
  pod.meta.uid = uid;
  pod.node = "node-a";
  pod.phase = kube::Pod::Phase::kPending;
  return pod;
}

class RosterTest : public testing::Test {
 protected:
  void See(const kube::Pod& pod) { roster_.Take({{pod.meta.key, pod}}); }
  void Lease(const std::string& uid) { served_.insert(uid); }
  size_t Demand() const { return roster_.Expected(served_).size(); }

  Roster roster_;
  absl::flat_hash_set<std::string> served_;
};

TEST_F(RosterTest, APodThatWasScheduledHereIsDemand) {
  See(Scheduled("u1"));
  EXPECT_EQ(Demand(), 1U);
}

TEST_F(RosterTest, APodWithALeaseIsNot) {
  See(Scheduled("u1"));
  Lease("u1");
  EXPECT_EQ(Demand(), 0U);
}

TEST_F(RosterTest, TheLeaseOfAnEarlierPodOfThatNameIsAnotherOnes) {
  See(Scheduled("u2"));
  Lease("u1");
  EXPECT_EQ(Demand(), 1U);
}

TEST_F(RosterTest, PodsThatNeedNoAddressOfOursAreNoDemand) {
  kube::Pod pod = Scheduled("u1");
  pod.host_network = true;
  See(pod);
  EXPECT_EQ(Demand(), 0U);
  pod = Scheduled("u1");
  pod.phase = kube::Pod::Phase::kFailed;
  See(pod);
  EXPECT_EQ(Demand(), 0U);
  pod = Scheduled("u1");
  pod.meta.deletion = absl::UnixEpoch();
  See(pod);
  EXPECT_EQ(Demand(), 0U);
  pod = Scheduled("u1");
  pod.ip = base::Ipv4(0x0a000001);
  See(pod);
  EXPECT_EQ(Demand(), 0U);
}

TEST_F(RosterTest, APodThatIsGoneIsForgotten) {
  See(Scheduled("u1"));
  roster_.Take({{kWeb, std::nullopt}});
  EXPECT_EQ(Demand(), 0U);
  EXPECT_EQ(roster_.Find(kWeb), nullptr);
  EXPECT_EQ(roster_.size(), 0U);
}

TEST_F(RosterTest, AStaticPodIsKnownByTheUidThatKubeletGaveIt) {
  kube::Pod pod = Scheduled("object");
  pod.meta.annotations["kubernetes.io/config.mirror"] = "static";
  See(pod);
  Lease("static");
  EXPECT_EQ(Demand(), 0U);
}

TEST(CheckSupportedTest, APodThatAsksForAFixedAddressMustNotGetAnother) {
  kube::Pod pod = Scheduled("u1");
  EXPECT_TRUE(CheckSupported(pod).ok());
  std::string& wish = pod.meta.annotations
                          ["network.beta.kubernetes.io/ucloud-statefulset-"
                           "static-ip"];
  wish = "false";
  EXPECT_TRUE(CheckSupported(pod).ok());
  wish = "true";
  EXPECT_EQ(CheckSupported(pod).code(), absl::StatusCode::kFailedPrecondition);
}

kube::Pod Fixed(const std::string& name, const std::string& owner_kind) {
  kube::Pod pod;
  pod.meta.key = {"shop", name};
  pod.meta.annotations = {{kube::kStaticIpAnnotation, "true"},
                          {kube::kClaimPolicyAnnotation, "1h10m20s"}};
  pod.meta.owners = {{"apps/v1", owner_kind, "db", "uid", true}};
  return pod;
}

TEST(FixedTest, AStatefulSetsPodThatAsksGetsAFixedAddress) {
  const kube::Pod pod = Fixed("db-0", "StatefulSet");
  EXPECT_EQ(FixedBy(pod), "db");
  EXPECT_EQ(KeptFor(pod), absl::Seconds(4220));
  EXPECT_TRUE(CheckSupported(pod).ok());
}

TEST(FixedTest, NobodyElseDoes) {
  for (const kube::Pod& pod :
       {Fixed("db-0", "ReplicaSet"), Fixed("db", "StatefulSet")}) {
    EXPECT_EQ(FixedBy(pod), std::nullopt);
    EXPECT_EQ(CheckSupported(pod).code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST(FixedTest, APolicyThatNobodyUnderstandsIsForEver) {
  kube::Pod pod = Fixed("db-0", "StatefulSet");
  pod.meta.annotations[kube::kClaimPolicyAnnotation] = "soon";
  EXPECT_EQ(KeptFor(pod), std::nullopt);
  pod.meta.annotations.erase(kube::kClaimPolicyAnnotation);
  EXPECT_EQ(KeptFor(pod), std::nullopt);
}

}  // namespace
}  // namespace applets::ipamd
