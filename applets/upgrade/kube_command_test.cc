// Whole runs over clusters whose API server is a KubeLab and whose kubelets do
// what the operation pods' commands say.
#include "applets/upgrade/kube_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/kube_lab.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPods[] = "/api/v1/namespaces/kube-system/pods";
constexpr char kNodes[] = "/api/v1/nodes";
constexpr char kRecord[] =
    "/apis/vpc.uk8s.ucloud.cn/v1beta1/namespaces/kube-system/cniupgrades/"
    "cnivpc";

std::string NameOf(size_t i) { return absl::StrCat("node-", 100 + i); }

// The kubelets of all nodes, in a thread: each pod that is there is carried out
// and answered at the next look.
class Kubelets {
 public:
  Kubelets(KubeLab& lab, size_t nodes) : lab_(lab) {
    for (size_t i = 0; i < nodes; ++i) {
      installed_[NameOf(i)] = "old";
      lab_.Put(absl::StrCat(kNodes, "/", NameOf(i)),
               absl::StrCat(R"({"metadata": {"name": ")", NameOf(i),
                            R"("}, "status": {"conditions": [)",
                            R"({"type": "Ready", "status": "True"}]}})"));
    }
    thread_ = std::thread([this] { Work(); });
  }
  ~Kubelets() {
    ended_ = true;
    thread_.join();
  }
  Kubelets(const Kubelets&) = delete;
  Kubelets& operator=(const Kubelets&) = delete;

  void FailCheck(const std::string& node) {
    const std::lock_guard lock(mutex_);
    unwell_.insert(node);
  }
  // From now on pods of that operation stay as they are.
  void Hang(const std::string& operation) {
    const std::lock_guard lock(mutex_);
    hanging_ = operation;
  }
  std::vector<std::string> WhoHas(const std::string& program) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, installed] : installed_) {
      if (installed == program) names.push_back(name);
    }
    return names;
  }
  size_t most_upgrades() const { return most_upgrades_; }

 private:
  void Work() {
    while (!ended_) {
      size_t upgrades = 0;
      for (const std::string& path : lab_.Paths(kPods)) {
        const std::string pod = lab_.Get(path);
        if (absl::StrContains(pod, R"("operation":"upgrade")")) ++upgrades;
        if (!pod.empty() && !absl::StrContains(pod, "\"status\"")) {
          CarryOut(path, pod);
        }
      }
      most_upgrades_ = std::max<size_t>(most_upgrades_, upgrades);
      std::this_thread::yield();
    }
  }

  void CarryOut(const std::string& path, const std::string& pod) {
    const auto json = base::Json::Parse(pod);
    const std::string node = *json->Get("spec")->String("nodeName");
    const std::string operation =
        *json->Get("metadata")->Get("labels")->String("operation");
    const std::lock_guard lock(mutex_);
    if (operation == hanging_) return;
    const std::string answer = Answer(node, operation);
    const std::string end = absl::StrCat(
        R"(,"status": {"phase": "Succeeded", "startTime": "x",)",
        R"("containerStatuses": [{"name": "operation", "state": {"terminated":)",
        R"( {"exitCode": 0, "message": ")",
        absl::StrReplaceAll(answer, {{"\"", "\\\""}}), R"("}}}]}})");
    lab_.Put(path, absl::StrCat(pod.substr(0, pod.size() - 1), end));
  }

  std::string Answer(const std::string& node, const std::string& operation) {
    std::string& installed = installed_[node];
    if (operation == "look") {
      return absl::StrCat(R"({"installed": {"presence": "file", "sha256": ")",
                          installed, R"(", "version": "1"},)",
                          R"("own": {"sha256": "new", "version": "2"}})");
    }
    if (operation == "check" && unwell_.contains(node)) {
      return R"({"outcome": "failed", "error": "no address"})";
    }
    if (operation == "upgrade") installed = "new";
    if (operation == "return") installed = "old";
    return R"({"outcome": "done"})";
  }

  KubeLab& lab_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::string> installed_;
  std::set<std::string> unwell_;
  std::string hanging_;
  std::atomic<size_t> most_upgrades_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

Options Upgrade(std::vector<std::string> more = {}) {
  std::vector<std::string> flags = {"--all", "--image=i:1"};
  flags.insert(flags.end(), more.begin(), more.end());
  return *ParseOptions(flags);
}

Options Say(const std::string& flag) { return *ParseOptions({"--all", flag}); }

class KubeCommandTest : public testing::Test {
 protected:
  // `lasts`: of a hold; long, so that nobody is taken for dead who only waits
  // for a processor.
  static CommandSurroundings Surroundings(
      absl::Duration lasts = absl::Minutes(1)) {
    return {.interrupted = [] { return false; },
            .tell = [](const Fleet&, const Fleet&) {},
            .hold = {.renew_every = absl::Milliseconds(20),
                     .lasts = lasts,
                     .pause = absl::Milliseconds(1)},
            .operations = {.pause = absl::Milliseconds(2),
                           .list_every = absl::Milliseconds(1)},
            .follow_every = absl::Milliseconds(1)};
  }
  absl::StatusOr<Fleet> Go(const Options& options,
                           absl::Duration lasts = absl::Minutes(1)) {
    return Command(options, lab_.config(), Surroundings(lasts)).Go();
  }
  ClusterRecord Recorded() {
    return *DecodeRecord(*base::Json::Parse(lab_.Get(kRecord)));
  }
  bool IsRecorded(NodeState state) {
    if (lab_.Get(kRecord).empty()) return false;
    const ClusterRecord record = Recorded();
    return record.fleet && record.fleet->Count(state) > 0;
  }
  static void Await(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
  }

  KubeLab lab_;
};

TEST_F(KubeCommandTest, EveryNodeGetsItAndNeverMoreAtATimeThanMayBe) {
  const Kubelets kubelets(lab_, 20);
  const auto fleet = Go(Upgrade({"--batch-size=8", "--max-unavailable=3"}));
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_EQ(ExitStatusOf(*fleet), ExitStatus::kDone) << ToText(*fleet);
  EXPECT_EQ(kubelets.WhoHas("new").size(), 20U);
  EXPECT_LE(kubelets.most_upgrades(), 3U);
  EXPECT_THAT(lab_.Paths(kPods), IsEmpty());
  EXPECT_EQ(Recorded().fleet->phase, FleetPhase::kDone);
  EXPECT_EQ(Recorded().holder, "");
}

TEST_F(KubeCommandTest, ANodeThatIsntWellTakesAllBack) {
  Kubelets kubelets(lab_, 10);
  kubelets.FailCheck(NameOf(6));
  const auto fleet = Go(Upgrade({"--batch-size=4"}));
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_EQ(fleet->phase, FleetPhase::kReturned) << ToText(*fleet);
  EXPECT_THAT(fleet->reason, HasSubstr("node-106: no address"));
  EXPECT_THAT(kubelets.WhoHas("new"), IsEmpty());
}

TEST_F(KubeCommandTest, OneWhoseHoldIsLostEndsAndTheNextGoesOnWithItsPods) {
  Kubelets kubelets(lab_, 5);
  kubelets.Hang("upgrade");
  absl::StatusOr<Fleet> first;
  std::thread thread([&] { first = Go(Upgrade()); });
  Await([&] { return IsRecorded(NodeState::kUpgrading); });
  ClusterRecord record = Recorded();
  record.holder = "somebody who dies at once";
  lab_.Put(kRecord, EncodeRecord(record));
  thread.join();
  EXPECT_TRUE(absl::IsAborted(first.status())) << first.status();
  kubelets.Hang("");
  const auto next = Go(Say("--resume"), absl::Milliseconds(100));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->Count(NodeState::kDone), 5) << ToText(*next);
  EXPECT_EQ(kubelets.WhoHas("new").size(), 5U);
}

TEST_F(KubeCommandTest, OneThatIsInterruptedEndsAtOnceAndTheNextNeedntWait) {
  Kubelets kubelets(lab_, 2);
  kubelets.Hang("upgrade");
  std::atomic<bool> interrupted = false;
  CommandSurroundings surroundings = Surroundings();
  surroundings.interrupted = [&] { return interrupted.load(); };
  const Options options = Upgrade();
  absl::StatusOr<Fleet> first;
  std::thread thread(
      [&] { first = Command(options, lab_.config(), surroundings).Go(); });
  Await([&] { return IsRecorded(NodeState::kUpgrading); });
  interrupted = true;
  thread.join();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->Count(NodeState::kUpgrading), 1) << ToText(*first);
  EXPECT_EQ(Recorded().holder, "");
  kubelets.Hang("");
  const auto next = Go(Say("--resume"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->Count(NodeState::kDone), 2) << ToText(*next);
}

TEST_F(KubeCommandTest, ASecondOneLosesAndSaysWhoIsAtWork) {
  Kubelets kubelets(lab_, 2);
  kubelets.Hang("upgrade");
  absl::StatusOr<Fleet> first;
  std::thread thread([&] { first = Go(Upgrade()); });
  Await([&] { return IsRecorded(NodeState::kUpgrading); });
  for (const Options& options : {Upgrade(), Say("--resume")}) {
    const auto second = Go(options);
    EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
    EXPECT_THAT(std::string(second.status().message()),
                HasSubstr(Recorded().holder));
  }
  kubelets.Hang("");
  thread.join();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->Count(NodeState::kDone), 2);
}

TEST_F(KubeCommandTest, WhoIsAtWorkDoesWhatSomebodyElseWishes) {
  Kubelets kubelets(lab_, 3);
  kubelets.Hang("upgrade");
  absl::StatusOr<Fleet> first;
  std::thread thread([&] { first = Go(Upgrade()); });
  Await([&] { return IsRecorded(NodeState::kUpgrading); });
  const auto paused = Go(Say("--pause"));
  ASSERT_TRUE(paused.ok()) << paused.status();
  EXPECT_TRUE(paused->paused);
  const auto resumed = Go(Say("--resume"));
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_FALSE(resumed->paused);
  kubelets.Hang("");
  const auto aborted = Go(Say("--rollback"));
  thread.join();
  ASSERT_TRUE(aborted.ok()) << aborted.status();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(aborted->phase, FleetPhase::kReturned) << ToText(*aborted);
  EXPECT_THAT(kubelets.WhoHas("new"), IsEmpty());
}

TEST_F(KubeCommandTest, ARunByNameIsCarriedOutOnce) {
  const Kubelets kubelets(lab_, 1);
  ASSERT_TRUE(Go(Upgrade({"--run=job-1"})).ok());
  const size_t asked = lab_.asked().size();
  const auto again = Go(Upgrade({"--run=job-1"}));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->phase, FleetPhase::kDone);
  const std::vector<std::string> all = lab_.asked();
  for (size_t i = asked; i < all.size(); ++i) {
    EXPECT_FALSE(absl::StartsWith(all[i], "POST")) << all[i];
  }
}

TEST_F(KubeCommandTest, AnotherRunIsntBegunBeforeOneIsFinished) {
  ClusterRecord record{.fleet = Fleet{.id = "x"}};
  record.fleet->started = record.fleet->settled = absl::InfiniteFuture();
  lab_.Put(kRecord, EncodeRecord(record));
  const Kubelets kubelets(lab_, 1);
  const auto fleet = Go(Upgrade());
  EXPECT_TRUE(absl::IsFailedPrecondition(fleet.status())) << fleet.status();
  EXPECT_EQ(Recorded().holder, "") << "and whoever comes next needn't wait";
}

TEST_F(KubeCommandTest, AQueryAsksEveryNode) {
  const Kubelets kubelets(lab_, 12);
  const Options options = *ParseOptions({"--all", "--query", "--image=i:1"});
  const auto findings = Command(options, lab_.config(), Surroundings()).Query();
  ASSERT_TRUE(findings.ok()) << findings.status();
  ASSERT_EQ(findings->size(), 12U);
  for (const NodeFinding& one : *findings) {
    EXPECT_EQ(one.finding.installed.sha256, "old") << one.node;
  }
  EXPECT_EQ(lab_.Get(kRecord), "") << "a query is no run";
}

TEST_F(KubeCommandTest, WithoutARunThereIsNothingToSay) {
  EXPECT_TRUE(absl::IsNotFound(Go(Say("--resume")).status()));
  EXPECT_TRUE(
      absl::IsNotFound(Command(Say("--status"), lab_.config(), Surroundings())
                           .OnRecord()
                           .status()));
}

}  // namespace
}  // namespace applets::upgrade
