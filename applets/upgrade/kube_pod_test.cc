#include "applets/upgrade/kube_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answered = FleetAnswer::Kind;
using Task = FleetTask::Kind;

constexpr FleetTask kLook{Task::kLook, 0};
constexpr FleetTask kUpgrade{Task::kUpgrade, 0};
constexpr absl::Duration kNoTime = absl::ZeroDuration();

Fleet OneNode() {
  Fleet fleet{.id = "2026-01-02T03:04:05Z", .wanted = "bb"};
  fleet.means = {.image = "cnivpc/ipamd:1",
                 .bin_dir = "/opt/cni/bin",
                 .conf_dir = "/etc/cni/net.d"};
  fleet.nodes.push_back({.name = "10.0.0.5", .before = "aa"});
  return fleet;
}

Operation PodWith(const std::string& status) {
  const auto json = base::Json::Parse(absl::StrCat(
      R"({"metadata": {"name": "p", "uid": "u",)",
      R"("creationTimestamp": "2026-01-02T03:04:05Z",)",
      R"("annotations": {"cnivpc/run": "r"}}, "status": )", status, "}"));
  EXPECT_TRUE(json.ok()) << json.status();
  const auto operation = DecodeOperation(*json);
  EXPECT_TRUE(operation.ok()) << operation.status();
  return *operation;
}

Operation Ended(int exit_status, const std::string& message) {
  return PodWith(absl::StrCat(
      R"({"phase": ")", exit_status == 0 ? "Succeeded" : "Failed",
      R"(", "startTime": "2026-01-02T03:04:06Z", "containerStatuses": [
          {"name": "operation", "state": {"terminated": {"exitCode": )",
      exit_status, R"(, "message": ")", message, R"("}}}]})"));
}

TEST(KubePodTest, ItsNameIsTheSameForWhoeverAsksAndAnotherForEachTask) {
  Fleet fleet = OneNode();
  const std::string name = OperationName(fleet, kLook);
  EXPECT_THAT(name, StartsWith("plugin-operation-10-0-0-5-"));
  EXPECT_EQ(name, OperationName(OneNode(), kLook));
  EXPECT_NE(name, OperationName(fleet, kUpgrade));
  fleet.id = "another";
  EXPECT_NE(name, OperationName(fleet, kLook));
  fleet.nodes[0].name = std::string(253, 'N');
  EXPECT_LE(OperationName(fleet, kLook).size(), 63U) << "a pod's host name";
}

TEST(KubePodTest, ItIsBoundToItsNodeAndInstallsItself) {
  const auto pod = base::Json::Parse(OperationPod(OneNode(), kUpgrade));
  ASSERT_TRUE(pod.ok()) << pod.status();
  const auto spec = pod->Get("spec");
  EXPECT_EQ(*spec->String("nodeName"), "10.0.0.5");
  EXPECT_EQ(*spec->String("restartPolicy"), "Never");
  EXPECT_EQ(*spec->Int("activeDeadlineSeconds"), 720);
  const auto container = spec->Array("containers")->at(0);
  EXPECT_EQ(*container.String("image"), "cnivpc/ipamd:1");
  std::vector<std::string> words;
  for (const base::Json& word : *container.Array("command")) {
    words.push_back(*word.AsString());
  }
  EXPECT_EQ(absl::StrJoin(words, " "),
            "/cnivpc upgrade --self --sha256=bb --bin-dir=/opt/cni/bin "
            "--conf-dir=/etc/cni/net.d --output=json --root=/node "
            "--answer-file=/dev/termination-log");
}

TEST(KubePodTest, ItsTerminationMessageIsTheAnswer) {
  const auto answer = Judge(OneNode(), kUpgrade,
                            Ended(0, R"({\"outcome\": \"done\"})"), kNoTime);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Answered::kOk);
  const auto failed = Judge(
      OneNode(), kUpgrade,
      Ended(1, R"({\"outcome\": \"failed\", \"error\": \"smoke-test: x\"})"),
      kNoTime);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, Answered::kFailed);
  EXPECT_EQ(failed->text, "smoke-test: x");
}

TEST(KubePodTest, WhatIsntAnAnswerIsAskedAgain) {
  const auto answer =
      Judge(OneNode(), kUpgrade, Ended(139, "segfault"), kNoTime);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Answered::kNothing);
  EXPECT_THAT(answer->text, HasSubstr("exit status 139: segfault"));
  const auto evicted = Judge(OneNode(), kUpgrade,
                             PodWith(R"({"phase": "Failed", "reason": "Evicted",
                        "message": "low on memory"})"),
                             kNoTime);
  ASSERT_TRUE(evicted);
  EXPECT_EQ(evicted->kind, Answered::kNothing);
  EXPECT_EQ(evicted->text, "its pod failed: Evicted: low on memory");
}

TEST(KubePodTest, AKubeletThatDoesntTakeItIsGivenUpSoon) {
  const Operation pod = PodWith(R"({"phase": "Pending"})");
  EXPECT_FALSE(Judge(OneNode(), kLook, pod, kTakenLimit - absl::Seconds(1)));
  const auto answer = Judge(OneNode(), kLook, pod, kTakenLimit);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Answered::kNothing);
  EXPECT_THAT(answer->text, HasSubstr("doesn't take the pod"));
}

TEST(KubePodTest, AnImageThatIsntThereIsTheRunsFailure) {
  const Operation pod = PodWith(
      R"({"phase": "Pending", "startTime": "2026-01-02T03:04:06Z",
          "containerStatuses": [{"name": "operation", "state": {"waiting":
          {"reason": "ImagePullBackOff", "message": "not found"}}}]})");
  EXPECT_FALSE(Judge(OneNode(), kLook, pod, absl::Seconds(5)));
  const auto answer = Judge(OneNode(), kLook, pod, kStartLimit);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Answered::kFailed);
  EXPECT_EQ(answer->text, "its pod doesn't start: ImagePullBackOff: not found");
}

TEST(KubePodTest, OneThatRunsIsWaitedForUntilItMustHaveEnded) {
  const Operation pod = PodWith(
      R"({"phase": "Running", "startTime": "2026-01-02T03:04:06Z",
          "containerStatuses": [{"name": "operation", "state":
          {"running": {}}}]})");
  EXPECT_FALSE(Judge(OneNode(), kUpgrade, pod, absl::Minutes(10)));
  const auto answer =
      Judge(OneNode(), kUpgrade, pod, DeadlineOf(Task::kUpgrade) + kEndMargin);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Answered::kNothing);
}

TEST(KubePodTest, AnOldAnswerAndALeavingPodAreStale) {
  Operation pod = Ended(0, "{}");
  const absl::Time made = *pod.created;
  EXPECT_FALSE(IsStale(pod, made + absl::Minutes(1)));
  EXPECT_TRUE(IsStale(pod, made + kAnswerKept + absl::Seconds(1)));
  pod.leaving = true;
  EXPECT_TRUE(IsStale(pod, made));
  const Operation running = PodWith(R"({"phase": "Running"})");
  EXPECT_FALSE(IsStale(running, made + absl::Hours(1))) << "still at work";
}

TEST(KubePodTest, KnowsWhoseItIs) {
  EXPECT_EQ(Ended(0, "").run, "r");
  EXPECT_EQ(Ended(0, "").uid, "u");
}

}  // namespace
}  // namespace applets::upgrade
