// An upgrade of many nodes: canaries first, then batch after batch, with a look
// at each batch before the next, and back again if one fails. Pure: whoever
// drives it records it, carries out what it asks for and tells it the answers.
//
// A run is recorded before anything is changed that it asks for, and all that
// it asks for may be done again. So an upgrader may die at any point: the next
// one loads the record and goes on.
#ifndef CNIVPC_APPLETS_UPGRADE_FLEET_H_
#define CNIVPC_APPLETS_UPGRADE_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/health.h"

namespace applets::upgrade {

struct FleetRules {
  int64_t canaries = 1;
  int64_t batch_size = 1;
  // How many nodes are worked on at a time, and at most without a verdict.
  int64_t max_unavailable = 1;
  // Nodes that may fail before it stops. A canary may not.
  int64_t max_failures = 0;
  // Between the upgrade of a batch and the look at it.
  absl::Duration soak = absl::ZeroDuration();
  // Of the whole run; what goes back isn't cut off by it.
  absl::Duration deadline = absl::Hours(1);
  // When it stops because of a failure: all that it has upgraded goes back.
  bool roll_back = true;
  // Of a hundred ADDs between the look before and the look after (health.h).
  int64_t max_failed_adds = 10;

  friend bool operator==(const FleetRules&, const FleetRules&) = default;
};

// How nodes are reached, and what is done there.
struct FleetMeans {
  // A command that runs another one on a node: its words, divided by blanks, {}
  // being the node, and that command's words behind them.
  std::string through = {};
  std::string program = {};  // the file, here
  // Instead of both: the container image that installs itself, by a pod on the
  // node. Which program it holds is known when the first node has looked.
  std::string image = {};
  std::string bin_dir = {};  // there
  std::string conf_dir = {};
  bool force = false;
  bool out_of_maintenance = false;

  friend bool operator==(const FleetMeans&, const FleetMeans&) = default;
};

enum class NodeState {
  kWaiting,
  kLooking,    // what is installed?
  kUpgrading,  // the answer is awaited; recorded before it is begun
  kUpgraded,   // not looked at yet
  kChecking,   // does it set up pods?
  kDone,       // upgraded, and well
  kUnchanged,  // had it already, and is well
  kSkipped,    // tainted, or can't be reached: nothing was done
  kFailed,     // it has what it had before
  kReturning,  // what it had before is being put back
  kReturned,
  kLost,  // somebody must look at it
};
absl::string_view ToString(NodeState state);

struct FleetNode {
  std::string name = {};
  NodeState state = NodeState::kWaiting;
  int64_t batch = -1;        // from 0, the canaries; -1: not yet in one
  std::string before = {};   // SHA-256 of what was installed; "" for nothing
  std::string version = {};  // of what is installed, as far as it is known
  std::string address = {};  // for people
  // Of its ipamd, before the upgrade; none when there was none.
  std::optional<AddCounts> adds = std::nullopt;
  std::string text = {};  // the last thing that was heard of it
  absl::Time changed = {};

  // Known only while the run is at work, and not recorded.
  bool asked = false;          // somebody is at it
  int attempts = 0;            // that got no answer
  absl::Time not_before = {};  // when it is asked again

  friend bool operator==(const FleetNode&, const FleetNode&) = default;
};

enum class FleetPhase {
  kRunning,
  kStopping,   // nothing new; what is under way comes to its end
  kReturning,  // all that was upgraded goes back
  kDone,       // every node that could be reached has it
  kStopped,    // what is upgraded stays
  kReturned,   // no node has it, but those that are lost
};
absl::string_view ToString(FleetPhase phase);

struct Fleet {
  std::string id = {};
  std::string wanted = {};  // SHA-256 of the program
  FleetRules rules = {};
  FleetMeans means = {};
  FleetPhase phase = FleetPhase::kRunning;
  bool paused = false;
  bool returns = false;     // kStopping: whether kReturning follows
  std::string reason = {};  // why it stopped
  absl::Time started = {};
  absl::Time settled = {};  // since when the batch waits for its look; or never
  std::vector<FleetNode> nodes = {};

  bool over() const { return phase > FleetPhase::kReturning; }
  int64_t Count(NodeState state) const;
  friend bool operator==(const Fleet&, const Fleet&) = default;
};

// What is to be done on a node. All may be done again, also while the first is
// still under way.
struct FleetTask {
  enum class Kind {
    kLook,     // tell the SHA-256 of what is installed
    kUpgrade,  // install Fleet::wanted, unless it is installed
    kCheck,    // set up a pod through what is installed
    kReturn,   // install FleetNode::before, unless it is installed
  };
  Kind kind = Kind::kLook;
  size_t node = 0;
  friend bool operator==(const FleetTask&, const FleetTask&) = default;
};

struct FleetAnswer {
  enum class Kind {
    kOk,
    kFailed,   // and the node has what it had
    kStuck,    // and somebody must look at it
    kNothing,  // no answer, or "another upgrade is at work": to be asked again
  };
  Kind kind = Kind::kOk;
  std::string sha256 = {};  // to kLook
  // To kLook: SHA-256 of what would be installed, if the node brings it.
  std::string wanted = {};
  std::string version = {};  // of what is installed; "": not told
  // To kLook and kCheck; none: there is no ipamd.
  std::optional<IpamdHealth> health = std::nullopt;
  // To kLook, by a pod: its own words, JSON as in report.h.
  std::string raw = {};
  std::string text = {};
};

// How often a node is asked that gives no answer, and the pause before it is
// asked the second time, which doubles.
inline constexpr int kFleetAttempts = 4;
inline constexpr absl::Duration kFleetPause = absl::Seconds(2);

// What to do now.
std::vector<FleetTask> Proceed(Fleet& fleet, absl::Time now);

// Whether the fleet must be recorded before these are done: tasks that change
// something. What only looks is simply asked again by the next upgrader.
bool MustRecord(const std::vector<FleetTask>& tasks);

// How long to gather answers before calling Proceed, so that a large fleet
// isn't recorded for each.
inline constexpr absl::Duration kFleetGather = absl::Milliseconds(250);

// When to call Proceed again if no answer comes before; or never.
absl::Time NextCall(const Fleet& fleet, absl::Time now);

// The answer to a task. One that isn't awaited any more is ignored.
void Hear(Fleet& fleet, const FleetTask& task, const FleetAnswer& answer,
          absl::Time now);

// By the operator, at any time. Stopping leaves what is upgraded as it is;
// returning takes it back, also after the run has ended.
void Stop(Fleet& fleet, absl::string_view reason);
void Return(Fleet& fleet, absl::string_view reason);

// STATE/fleet.json:
//
//   {"schema": 1, "id": "2026-…", "wanted": "9f86…", "phase": "running",
//    "paused": false, "returns": false, "reason": "",
//    "started": "2026-…", "settled": "infinite-future",
//    "rules": {"canaries": 1, "batchSize": 10, "maxUnavailable": 10,
//              "maxFailures": 0, "soak": "30s", "deadline": "1h",
//              "rollBack": true, "maxFailedAdds": 10},
//    "means": {"through": "ssh root@{}", "program": "/root/cnivpc",
//              "image": "", "binDir": "/opt/cni/bin",
//              "confDir": "/etc/cni/net.d", "force": false,
//              "outOfMaintenance": false},
//    "nodes": [{"name": "node-a", "state": "done", "batch": 0,
//               "before": "3f2a…", "version": "0.1.0", "address": "10.0.0.1",
//               "adds": {"all": 120, "failed": 0},       may be missing
//               "text": "", "changed": "2026-…"}]}
std::string ToJson(const Fleet& fleet);
// INVALID_ARGUMENT names the field.
absl::StatusOr<Fleet> ParseFleet(absl::string_view json);
inline constexpr size_t kMaxFleetBytes = 64 << 20;
inline constexpr size_t kMaxFleetNodes = 20000;

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FLEET_H_
