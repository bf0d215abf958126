#include "applets/upgrade/kube_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/kube_lab.h"

namespace applets::upgrade {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Answered = FleetAnswer::Kind;

constexpr char kPods[] = "/api/v1/namespaces/kube-system/pods";
constexpr FleetTask kUpgrade{FleetTask::Kind::kUpgrade, 0};
constexpr FleetTask kLook{FleetTask::Kind::kLook, 0};
constexpr Operations::Times kTimes = {.pause = absl::Milliseconds(1),
                                      .list_every = absl::ZeroDuration()};

Fleet OneNode() {
  Fleet fleet{.id = "x", .wanted = "bb"};
  fleet.means.image = "i:1";
  fleet.nodes.push_back({.name = "node-a"});
  return fleet;
}

class KubeOperationsTest : public testing::Test {
 protected:
  static std::string PathOf(const FleetTask& task) {
    return absl::StrCat(kPods, "/", OperationName(OneNode(), task));
  }
  // As a kubelet leaves it, made just now.
  void End(const FleetTask& task, const std::string& message,
           absl::Time made = absl::Now()) {
    lab_.Put(
        PathOf(task),
        absl::StrCat(
            R"({"metadata": {"name": ")", OperationName(OneNode(), task),
            R"(", "creationTimestamp": ")",
            absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", made, absl::UTCTimeZone()),
            R"(", "annotations": {"cnivpc/run": "x"}}, "status": {)",
            R"("phase": "Succeeded", "startTime": "x",)",
            R"("containerStatuses": [{"name": "operation", "state":)",
            R"({"terminated": {"exitCode": 0, "message": ")", message,
            R"("}}}]}})"));
  }
  // Does it while `meanwhile` is called again and again.
  FleetAnswer DoWhile(const FleetTask& task,
                      const std::function<void()>& meanwhile) {
    FleetAnswer answer;
    std::atomic<bool> done = false;
    std::thread thread([&] {
      answer = operations_.Do(OneNode(), task);
      done = true;
    });
    while (!done) {
      meanwhile();
      std::this_thread::yield();
    }
    thread.join();
    return answer;
  }

  KubeLab lab_;
  kube::Client api_{
      lab_.config(),
      {.max_attempts = 1, .first_backoff = absl::Milliseconds(1)}};
  Operations operations_{api_, kTimes};
};

TEST_F(KubeOperationsTest, APodIsMadeItsAnswerHeardAndThePodDeleted) {
  const FleetAnswer answer = DoWhile(kUpgrade, [&] {
    const std::string pod = lab_.Get(PathOf(kUpgrade));
    if (absl::StrContains(pod, "nodeName")) {
      End(kUpgrade, R"({\"outcome\": \"done\", \"version\": \"0.2.0\"})");
    }
  });
  EXPECT_EQ(answer.kind, Answered::kOk) << answer.text;
  EXPECT_EQ(answer.version, "0.2.0");
  EXPECT_THAT(lab_.Paths(kPods), IsEmpty());
}

TEST_F(KubeOperationsTest, ThePodThatADeadUpgraderHasLeftIsTakenOver) {
  End(kUpgrade, R"({\"outcome\": \"failed\", \"error\": \"no room\"})");
  const FleetAnswer answer = operations_.Do(OneNode(), kUpgrade);
  EXPECT_EQ(answer.kind, Answered::kFailed);
  EXPECT_EQ(answer.text, "no room");
  EXPECT_THAT(lab_.asked(), Not(Contains(StartsWith("POST"))));
}

TEST_F(KubeOperationsTest, AnOldAnswerIsThrownAwayAndAskedForAnew) {
  End(kLook, R"({\"outcome\": \"done\"})", absl::Now() - absl::Hours(1));
  const FleetAnswer answer = DoWhile(kLook, [&] {
    if (absl::StrContains(lab_.Get(PathOf(kLook)), "nodeName")) {
      End(kLook, R"({\"installed\": {\"sha256\": \"aa\"}, )"
                 R"(\"own\": {\"sha256\": \"bb\"}})");
    }
  });
  EXPECT_EQ(answer.sha256, "aa") << answer.text;
  EXPECT_EQ(answer.wanted, "bb");
}

TEST_F(KubeOperationsTest, APodThatSomebodyDeletesIsNoAnswer) {
  bool seen = false;
  const FleetAnswer answer = DoWhile(kUpgrade, [&] {
    if (!seen && !lab_.Get(PathOf(kUpgrade)).empty()) {
      seen = true;
      lab_.Remove(PathOf(kUpgrade));
    }
  });
  EXPECT_EQ(answer.kind, Answered::kNothing);
  EXPECT_THAT(answer.text, HasSubstr("deleted by somebody"));
}

TEST_F(KubeOperationsTest, ARightThatIsMissingIsTheRunsFailure) {
  lab_.Fail(403, "POST");
  const FleetAnswer answer = operations_.Do(OneNode(), kLook);
  EXPECT_EQ(answer.kind, Answered::kFailed);
  EXPECT_THAT(answer.text, HasSubstr("its pod can't be made"));
  EXPECT_EQ(operations_.Do(OneNode(), kUpgrade).kind, Answered::kNothing)
      << "what was begun may still be under way";
}

TEST_F(KubeOperationsTest, AStoppedOneLeavesItsPodsToOthers) {
  const FleetAnswer answer = DoWhile(kUpgrade, [&] {
    if (!lab_.Get(PathOf(kUpgrade)).empty()) operations_.Stop();
  });
  EXPECT_EQ(answer.kind, Answered::kNothing);
  EXPECT_THAT(lab_.Paths(kPods), Not(IsEmpty()));
}

TEST_F(KubeOperationsTest, OnlyEndedPodsOfOtherRunsAreSweptUp) {
  End(kUpgrade, "x");
  lab_.Put(absl::StrCat(kPods, "/busy"),
           R"({"metadata": {"name": "busy"}, "status": {"phase": "Running"}})");
  operations_.Sweep("x");
  EXPECT_EQ(lab_.Paths(kPods).size(), 2U);
  operations_.Sweep("another");
  EXPECT_THAT(lab_.Paths(kPods), testing::ElementsAre(HasSubstr("busy")));
}

}  // namespace
}  // namespace applets::upgrade
