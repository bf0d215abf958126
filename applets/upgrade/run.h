// An upgrade of a node: what it consists of, how far it is, and how that is
// written down so that whoever comes next can go on. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_RUN_H_
#define CNIVPC_APPLETS_UPGRADE_RUN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace applets::upgrade {

// In the order in which they are taken. Up to kInstall runtimes call the old
// one.
enum class Step {
  kSelfTest,   // the new executable serves a pod on a node of its own
  kRehearse,   // ... and through the node's network, from its temporary name
  kKeep,       // the installed one gets a second name
  kConfigure,  // the configuration gets a cniVersion that both of them speak
  kInstall,    // the new one takes the installed one's place, in one rename
  kSmokeTest,  // a pod through the node's network, as runtimes call it
  kFinish,     // the kept one becomes the previous one
};
// "self-test"
absl::string_view ToString(Step step);

enum class Phase {
  kForward,  // the step `at` is next, or under way
  kBack,     // the step `at` is to be undone, or that is under way
  kDone,     // all steps are taken
  kUndone,   // all that was done is undone: the node is as it was
  kStuck,    // the step `at` can't be undone; the next run tries again
};
absl::string_view ToString(Phase phase);

enum class Kind { kUpgrade, kRollback, kDryRun };
absl::string_view ToString(Kind kind);

// A file of the plugin's, as it was when the run began.
struct Artifact {
  enum class Presence { kMissing, kFile, kSymlink };
  Presence presence = Presence::kMissing;
  std::string sha256 = {};   // of what is executed; "" if that can't be read
  std::string version = {};  // "" if it can't be told

  friend bool operator==(const Artifact&, const Artifact&) = default;
};
absl::string_view ToString(Artifact::Presence presence);

// A configuration file that must change, whole.
struct ConfigChange {
  std::string before = {};
  std::string after = {};

  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};

struct Run {
  std::string id = {};
  Kind kind = Kind::kUpgrade;
  std::string bin_dir = {};
  Artifact before = {};
  Artifact wanted = {};
  std::string network = {};  // the configuration file; "" if there is none
  std::optional<ConfigChange> change = std::nullopt;  // of that file
  // A test that the installed plugin fails as well doesn't count.
  bool lenient = false;
  bool excused = false;  // and that was so at the rehearsal
  bool resumed = false;  // an upgrader has died over it

  std::vector<Step> steps = {};
  size_t at = 0;  // meaningless in kDone and kUndone
  Phase phase = Phase::kForward;
  size_t turned_at = 0;     // kBack, kStuck, kUndone: where it went wrong
  std::string reason = {};  // and why
  std::vector<std::string> notes = {};  // what else people should know
  absl::Time started = {};
  absl::Time changed = {};

  bool unfinished() const {
    return phase == Phase::kForward || phase == Phase::kBack ||
           phase == Phase::kStuck;
  }
  // Whether the step `at` was taken to its end, in kBack.
  bool was_completed() const { return at != turned_at; }
  bool Has(Step step) const;
  // Whether what runtimes call may have been touched.
  bool Reached(Step step) const;

  friend bool operator==(const Run&, const Run&) = default;
};

// What follows when the step `at` was taken or undone.
Run Advance(Run run, const absl::Status& outcome, absl::Time now);

// What to do with a run that its upgrader left: one that hadn't come to
// kInstall goes back, one that had goes on.
Run Recover(Run run, absl::Time now);

// The run as a file, STATE/upgrade.json, which is written before every step:
//
//   {"schema": 1, "id": "2023-11-24T03:00:00Z-4711", "kind": "upgrade",
//    "binDir": "/opt/cni/bin",
//    "before": {"presence": "file", "sha256": "9f86…", "version": "0.1.0"},
//    "wanted": {"presence": "file", "sha256": "3f2a…", "version": "0.2.0"},
//    "network": "/etc/cni/net.d/10-cnivpc.conflist",
//    "change": {"before": "{…}", "after": "{…}"},          may be missing
//    "lenient": false, "excused": false, "resumed": false,
//    "steps": ["self-test", "rehearse", "keep", "install", "smoke-test",
//              "finish"],
//    "at": 3, "phase": "forward", "turnedAt": 0, "reason": "", "notes": [],
//    "started": "2023-11-24T03:00:00Z", "changed": "2023-11-24T03:00:01Z"}
//
// What lies where, in BIN (plan.h has the names):
//
//   cnivpc             what runtimes call: the old one up to kInstall, the new
//                      one from then on, never nothing and never a part
//   .cnivpc.new        the new one, whole and synced, until kInstall
//   .cnivpc.old        the old one, from kKeep to kFinish
//   .cnivpc.previous   the old one, from kFinish on: what --rollback installs
std::string ToJson(const Run& run);
// INVALID_ARGUMENT names the field; FAILED_PRECONDITION when a later version
// has written it.
absl::StatusOr<Run> ParseRun(absl::string_view json);
inline constexpr size_t kMaxRunBytes = 4 << 20;

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_RUN_H_
