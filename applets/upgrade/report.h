// What an upgrade says to people and to programs. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_REPORT_H_
#define CNIVPC_APPLETS_UPGRADE_REPORT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/upgrade/health.h"
#include "applets/upgrade/plan.h"
#include "applets/upgrade/run.h"

namespace applets::upgrade {

enum class ExitStatus {
  kDone = 0,     // the wanted version is installed, or was before
  kFailed = 1,   // the node is as it was
  kUsage = 2,    // the command line is wrong
  kRefused = 3,  // by the policy; nothing was changed
  kBusy = 4,     // another upgrade is at work
  kStuck = 5,    // failed, and couldn't be undone
};

ExitStatus ExitStatusOf(const Run& run);

// "upgrade of /opt/cni/bin/cnivpc from 0.1.0 to 0.2.0"
std::string Headline(const Run& run);
// "  self-test     ok        52 ms", with the reason behind it if it failed.
std::string StepLine(const Run& run, absl::Duration took,
                     const absl::Status& outcome);
// What came of it, the notes, and what to do next.
std::string Summary(const Run& run);
std::string Summary(const Verdict& verdict);

// {"outcome": "done", "exitStatus": 0, "version": "0.2.0",
//  "refusals": [{"reason": "downgrade", "text": "…"}], "error": "…",
//  "health": {…}, "run": {…}}: `outcome` is done, unchanged, refused, failed,
// busy or stuck; `version` is what is installed by then, `health` ipamd's
// (health.h); what doesn't apply is missing.
struct Answer {
  ExitStatus exit_status = ExitStatus::kDone;
  Verdict verdict = {};
  std::string error = {};
  std::optional<Run> run = std::nullopt;
  std::optional<IpamdHealth> health = std::nullopt;
};
std::string ToJson(const Answer& answer);
// The same in kMaxBriefBytes at most: without the run, whose reason is the
// error.
std::string ToBriefJson(const Answer& answer);
// Kubernetes keeps as much of a container's termination message.
inline constexpr size_t kMaxBriefBytes = 4096;

// What is on the node now.
struct NodeStatus {
  struct Ipamd {
    std::string version = {};
    std::string address = {};  // the node's
  };
  Facts installed = {};
  Facts previous = {};
  std::optional<Ipamd> ipamd = std::nullopt;  // none answers
  std::optional<Run> last = std::nullopt;
  bool at_work = false;  // somebody holds the lock
  Artifact own = {};     // the program that asks
  std::optional<IpamdHealth> health = std::nullopt;
};
std::string ToText(const NodeStatus& status);
// {"installed": {"presence": …, "sha256": …, "version": …, "problem": …},
//  "previous": {…}, "own": {"sha256": …, "version": …}, "atWork": false,
//  "ipamd": {"version": "0.2.0", "address": "10.0.0.5"},
//  "health": {as in health.h}, "last": {a run}}
std::string ToJson(const NodeStatus& status);
// Without the last run.
std::string ToBriefJson(const NodeStatus& status);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_REPORT_H_
