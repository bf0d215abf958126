// What is installed on a node, asked from afar: `cnivpc upgrade --query` and
// the page. Pure, but for QueryNode.
#ifndef CNIVPC_APPLETS_UPGRADE_QUERY_H_
#define CNIVPC_APPLETS_UPGRADE_QUERY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/program.h"
#include "applets/upgrade/run.h"

namespace applets::upgrade {

struct Finding {
  // Whether a cnivpc of ours has answered, or something that says a version.
  // If not, `problem` says why.
  bool reached = false;
  // What has answered knows `upgrade`: without that it can't be upgraded from
  // here.
  bool upgradable = false;
  Artifact installed = {};
  Artifact previous = {};
  std::string problem = {};  // also: why the installed version can't be told
  bool at_work = false;      // somebody upgrades it
  std::string ipamd = {};    // its version; "" if none answers there
  std::string address = {};  // the node's, by ipamd
  // How its last run went; kDone if there was none.
  Phase last = Phase::kDone;
  std::string last_wanted = {};  // SHA-256
  std::string last_reason = {};
  absl::Time last_changed = absl::InfinitePast();

  friend bool operator==(const Finding&, const Finding&) = default;
};

// From the answer of `cnivpc upgrade --status -o json` (report.h). Other
// programs, and releases that can't upgrade, don't give it, and aren't reached.
Finding FindingOf(const Ended& ended);
// From `cnivpc version`, of one that has no `upgrade`.
Finding FindingOfVersion(const Ended& ended);

// Asks it, in 30 seconds at most; what has no answer to the first is asked for
// its version. Called by several threads at a time.
Finding QueryNode(const FleetMeans& means, const std::string& node);

struct NodeFinding {
  std::string node = {};
  Finding finding = {};
};

// "node-a  10.0.0.5  0.2.0 (9f86d081)  ipamd 0.2.0", a line each, and how many
// have what.
std::string ToText(const std::vector<NodeFinding>& findings);
// {"nodes": [{"node": "node-a", "reached": true, "upgradable": true,
//   "address": "10.0.0.5", "version": "0.2.0", "sha256": "9f86…",
//   "previous": "0.1.0", "ipamd": "0.2.0", "atWork": false, "problem": ""}]}
std::string ToJson(const std::vector<NodeFinding>& findings);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_QUERY_H_
