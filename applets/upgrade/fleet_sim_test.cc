// Whole runs on a virtual clock, over nodes that do what `cnivpc upgrade` does
// on one, with upgraders that are killed and followed by others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/fleet.h"

namespace applets::upgrade {
namespace {

using Task = FleetTask::Kind;
using Answered = FleetAnswer::Kind;

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

// How likely it is, for each task, in a hundred.
struct Troubles {
  int upgrade_fails = 0;  // and the node undoes it
  int check_fails = 0;
  int answer_lost = 0;  // after the task was carried out
  int never_heard = 0;  // it never got there
};

struct SimNode {
  std::string installed = "old";
  std::string previous = {};
  std::optional<FleetTask> busy = std::nullopt;  // the lock of the folder
  bool ever_new = false;
};

// The nodes, and what is on its way to and from them.
class World {
 public:
  World(size_t nodes, Troubles troubles, uint64_t seed)
      : nodes_(nodes), troubles_(troubles), random_(seed) {}

  const std::vector<SimNode>& nodes() const { return nodes_; }
  size_t most_at_work() const { return most_at_work_; }

  void Ask(const FleetTask& task, std::string before, absl::Time now,
           int upgrader) {
    Call call{task, std::move(before), upgrader};
    SimNode& node = nodes_[task.node];
    if (node.busy || Happens(troubles_.never_heard)) {
      call.answer = FleetAnswer{.kind = Answered::kNothing, .text = "busy"};
    } else if (task.kind != Task::kLook) {
      node.busy = task;
    }
    CountAtWork();
    calls_.emplace(now + absl::Milliseconds(random_() % 9000 + 100), call);
  }

  struct Event {
    absl::Time at;
    int upgrader;
    FleetTask task;
    FleetAnswer answer;
  };
  // The next call that comes to its end, and the answer for the one who asked.
  std::optional<Event> Next() {
    if (calls_.empty()) return std::nullopt;
    const auto [at, call] = *calls_.begin();
    calls_.erase(calls_.begin());
    if (call.answer) return Event{at, call.upgrader, call.task, *call.answer};
    FleetAnswer answer = CarryOut(call);
    if (Happens(troubles_.answer_lost)) answer = {.kind = Answered::kNothing};
    return Event{at, call.upgrader, call.task, answer};
  }
  std::optional<absl::Time> NextAt() const {
    if (calls_.empty()) return std::nullopt;
    return calls_.begin()->first;
  }

 private:
  struct Call {
    FleetTask task;
    std::string before;
    int upgrader = 0;
    std::optional<FleetAnswer> answer = std::nullopt;
  };

  bool Happens(int percent) {
    return static_cast<int>(random_() % 100) < percent;
  }

  void CountAtWork() {
    const auto at_work = absl::c_count_if(nodes_, [](const SimNode& node) {
      return node.busy && (node.busy->kind == Task::kUpgrade ||
                           node.busy->kind == Task::kReturn);
    });
    most_at_work_ = std::max(most_at_work_, static_cast<size_t>(at_work));
  }

  FleetAnswer Swap(SimNode& node, const std::string& wanted) {
    if (node.installed == wanted) return {};
    node.previous = node.installed;
    node.installed = wanted;
    node.ever_new = node.ever_new || wanted == "new";
    return {};
  }

  FleetAnswer CarryOut(const Call& call) {
    SimNode& node = nodes_[call.task.node];
    switch (call.task.kind) {
      case Task::kLook:
        return {.sha256 = node.installed};
      case Task::kUpgrade:
        node.busy.reset();
        if (node.installed != "new" && Happens(troubles_.upgrade_fails)) {
          return {.kind = Answered::kFailed, .text = "no address"};
        }
        return Swap(node, "new");
      case Task::kCheck:
        node.busy.reset();
        if (!Happens(troubles_.check_fails)) return {};
        return {.kind = Answered::kFailed, .text = "no address"};
      case Task::kReturn:
        node.busy.reset();
        if (node.installed != call.before && node.previous != call.before) {
          return {.kind = Answered::kFailed, .text = "nothing to go back to"};
        }
        return Swap(node, call.before);
    }
    return {};
  }

  std::vector<SimNode> nodes_;
  Troubles troubles_;
  std::mt19937_64 random_;
  std::multimap<absl::Time, Call> calls_;
  size_t most_at_work_ = 0;
};

// Upgraders, one after the other. Each of its steps (deciding, recording, each
// task it gives out) may be its last.
class Upgraders {
 public:
  Upgraders(World& world, Fleet fleet, std::set<size_t> killed_at)
      : world_(world),
        record_(ToJson(fleet)),
        fleet_(std::move(fleet)),
        killed_at_(std::move(killed_at)) {}

  // To the end of the run. False when it doesn't come to one.
  bool Finish() {
    for (int turn = 0; turn < 1000000; ++turn) {
      Work();
      if (fleet_.over()) return true;
      const absl::Time call = NextCall(fleet_, now_);
      const std::optional<absl::Time> heard = world_.NextAt();
      if (!heard && call == absl::InfiniteFuture()) return false;
      if (!heard || call < *heard) {
        now_ = std::max(now_, call);
        continue;
      }
      Listen(*heard + kFleetGather);
    }
    return false;
  }

  const Fleet& fleet() const { return fleet_; }
  size_t steps() const { return steps_; }
  size_t records() const { return records_; }
  size_t deaths() const { return deaths_; }

 private:
  // A dead one's answers are lost.
  void Listen(absl::Time until) {
    while (world_.NextAt().value_or(absl::InfiniteFuture()) <= until) {
      const World::Event event = *world_.Next();
      now_ = std::max(now_, event.at);
      if (event.upgrader == upgrader_) {
        Hear(fleet_, event.task, event.answer, now_);
      }
    }
  }

  // True when it died: the next one begins with what is on record.
  bool Dies() {
    if (!killed_at_.contains(steps_++)) return false;
    ++deaths_;
    ++upgrader_;
    fleet_ = *ParseFleet(record_);
    return true;
  }

  void Work() {
    while (true) {
      const FleetPhase phase = fleet_.phase;
      const std::vector<FleetTask> tasks = Proceed(fleet_, now_);
      if (Dies()) continue;
      if (tasks.empty() && fleet_.phase == phase) return;
      if (MustRecord(tasks) || fleet_.phase != phase) {
        record_ = ToJson(fleet_);
        ++records_;
        if (Dies()) continue;
      }
      if (GiveOut(tasks)) return;
    }
  }

  bool GiveOut(const std::vector<FleetTask>& tasks) {
    for (const FleetTask& task : tasks) {
      world_.Ask(task, fleet_.nodes[task.node].before, now_, upgrader_);
      if (Dies()) return false;
    }
    return true;
  }

  World& world_;
  std::string record_;
  Fleet fleet_;
  std::set<size_t> killed_at_;
  absl::Time now_ = kStart;
  int upgrader_ = 0;
  size_t steps_ = 0;
  size_t records_ = 0;
  size_t deaths_ = 0;
};

Fleet FleetOf(size_t nodes, FleetRules rules) {
  Fleet fleet{.id = "sim", .wanted = "new", .rules = rules};
  fleet.started = kStart;
  fleet.settled = absl::InfiniteFuture();
  for (size_t i = 0; i < nodes; ++i) {
    fleet.nodes.push_back({.name = absl::StrCat("node-", i)});
  }
  return fleet;
}

const FleetRules kFifty = {.canaries = 2,
                           .batch_size = 8,
                           .max_unavailable = 5,
                           .soak = absl::Seconds(10),
                           .deadline = absl::Hours(10)};

int64_t Having(const World& world, absl::string_view what) {
  return absl::c_count_if(world.nodes(), [&](const SimNode& node) {
    return node.installed == what;
  });
}

TEST(FleetSimTest, AnUpgraderKilledAtAnyPointOfARunIsFollowedByOneThatEndsIt) {
  World undisturbed(50, {}, 1);
  Upgraders first(undisturbed, FleetOf(50, kFifty), {});
  ASSERT_TRUE(first.Finish());
  ASSERT_GT(first.steps(), 150u);
  for (size_t at = 0; at < first.steps(); ++at) {
    World world(50, {}, 1);
    Upgraders upgraders(world, FleetOf(50, kFifty), {at});
    ASSERT_TRUE(upgraders.Finish()) << "killed at " << at;
    ASSERT_EQ(upgraders.deaths(), 1u);
    ASSERT_EQ(upgraders.fleet().phase, FleetPhase::kDone)
        << "killed at " << at << ": " << upgraders.fleet().reason;
    ASSERT_EQ(Having(world, "new"), 50) << "killed at " << at;
    ASSERT_LE(world.most_at_work(), 5u) << "killed at " << at;
  }
}

TEST(FleetSimTest, AReleaseThatIsntWellStopsAtTheCanariesWhereverItIsKilled) {
  for (size_t at = 0; at < 40; ++at) {
    World world(50, {.check_fails = 100}, 2);
    Upgraders upgraders(world, FleetOf(50, kFifty), {at, at + 7});
    ASSERT_TRUE(upgraders.Finish()) << "killed at " << at;
    ASSERT_EQ(upgraders.fleet().phase, FleetPhase::kReturned);
    ASSERT_EQ(Having(world, "old"), 50) << "killed at " << at;
    for (size_t i = 2; i < 50; ++i) ASSERT_FALSE(world.nodes()[i].ever_new);
  }
}

// Whatever happens the run ends, what it says of a node is so, and nodes that
// it doesn't call lost have the version that the end stands for.
TEST(FleetSimTest, WithTroublesOfAllKindsWhatIsSaidIsTrue) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    std::set<size_t> kills;
    for (size_t i = 0; i < 10; ++i) kills.insert(random() % 400);
    World world(50,
                {.upgrade_fails = static_cast<int>(random() % 4),
                 .check_fails = static_cast<int>(random() % 3),
                 .answer_lost = 10,
                 .never_heard = 10},
                seed);
    FleetRules rules = kFifty;
    rules.max_failures = static_cast<int64_t>(random() % 3);
    Upgraders upgraders(world, FleetOf(50, rules), kills);
    ASSERT_TRUE(upgraders.Finish()) << "seed " << seed;
    ASSERT_LE(world.most_at_work(), 5u) << "seed " << seed;
    const Fleet& fleet = upgraders.fleet();
    for (size_t i = 0; i < 50; ++i) {
      const NodeState state = fleet.nodes[i].state;
      if (state == NodeState::kLost || world.nodes()[i].busy) continue;
      const bool has_new = state == NodeState::kDone ||
                           state == NodeState::kUpgraded ||
                           state == NodeState::kUnchanged;
      ASSERT_EQ(world.nodes()[i].installed, has_new ? "new" : "old")
          << "seed " << seed << " node " << i << " " << ToString(state);
      ASSERT_TRUE(!has_new || fleet.phase == FleetPhase::kDone)
          << "seed " << seed << " node " << i << " " << fleet.reason;
    }
  }
}

TEST(FleetSimTest, FiveThousandNodesTakeLittle) {
  World world(5000, {}, 3);
  Upgraders upgraders(world,
                      FleetOf(5000, {.canaries = 3,
                                     .batch_size = 500,
                                     .max_unavailable = 250,
                                     .deadline = absl::Hours(24)}),
                      {1000, 5000, 9000});
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(upgraders.Finish());
  const absl::Duration took = absl::Now() - begin;
  EXPECT_EQ(Having(world, "new"), 5000);
  EXPECT_LE(world.most_at_work(), 250u);
  RecordProperty("milliseconds", absl::ToInt64Milliseconds(took));
  RecordProperty("records", static_cast<int>(upgraders.records()));
  std::printf("5000 nodes: %s, %zu records of %zu bytes, %zu steps\n",
              absl::FormatDuration(took).c_str(), upgraders.records(),
              ToJson(upgraders.fleet()).size(), upgraders.steps());
}

}  // namespace
}  // namespace applets::upgrade
