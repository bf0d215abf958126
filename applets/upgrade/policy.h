// Who may get which version.
#ifndef CNIVPC_APPLETS_UPGRADE_POLICY_H_
#define CNIVPC_APPLETS_UPGRADE_POLICY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/upgrade/version.h"
#include "applets/upgrade/version_output.h"

namespace applets::upgrade {

// A node and what is to be installed on it.
struct Situation {
  bool installed = false;  // whether anything is
  // What it says of itself; none if it can't be read.
  std::optional<VersionReport> current = {};
  std::string current_problem = {};  // why it can't: "is cut short: …"
  VersionReport wanted = {};
  // A catalogue was given, and the wanted version isn't in it.
  bool uncatalogued = false;
  // The cluster's Kubernetes version isn't maintained any more.
  bool out_of_maintenance = false;
  // The node has a taint, or is cordoned.
  bool tainted = false;
  bool force = false;
};

enum class Reason {
  // Whatever is said; no --force helps.
  kNotOurs,   // what is to be installed is another program
  kProtocol,  // it speaks no CNI version that the node's network could have
  kNotLts,    // a cluster out of maintenance gets -lts versions only
  // Unless --force is said.
  kCurrentUnknown,  // the installed version can't be read
  kCurrentForeign,  // another product is installed
  kWantedUnknown,   // the wanted version is no version
  kUncatalogued,
  kDowngrade,
  kTainted,
};
// "not-lts": for programs that read reports.
absl::string_view ToString(Reason reason);
bool IsForceable(Reason reason);

struct Objection {
  Reason reason = Reason::kNotOurs;
  std::string text = {};  // what is the matter, and what to do about it
};

struct Verdict {
  std::vector<Objection> refusals = {};   // empty: go ahead
  std::vector<Objection> overruled = {};  // by --force
  bool allowed() const { return refusals.empty(); }
};

// All that speaks against it. Taking a version back, by --rollback or because a
// test failed, doesn't ask: a node may always have what it had.
Verdict Judge(const Situation& situation);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_POLICY_H_
