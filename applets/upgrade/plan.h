// From what is there and what is wanted to the steps of an upgrade. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_PLAN_H_
#define CNIVPC_APPLETS_UPGRADE_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "applets/upgrade/policy.h"
#include "applets/upgrade/run.h"
#include "applets/upgrade/version_output.h"

namespace applets::upgrade {

// The files in the folder of plugins.
inline constexpr char kPluginFile[] = "cnivpc";
inline constexpr char kStagedFile[] = ".cnivpc.new";
inline constexpr char kKeptFile[] = ".cnivpc.old";
inline constexpr char kPreviousFile[] = ".cnivpc.previous";

// What is known of an executable.
struct Facts {
  Artifact artifact = {};
  // None when it can't be told, and `problem` says why: "is cut short: …",
  // "is for aarch64, this node is x86_64".
  std::optional<VersionReport> report = std::nullopt;
  std::string problem = {};
};

// The node's network: the first file, in the order in which runtimes look,
// whose chain has the plugin.
struct Network {
  std::string path = {};
  std::string text = {};
  std::string version = {};  // cniVersion
};

// All that a plan is made of.
struct Look {
  Facts installed = {};
  Facts wanted = {};  // without a problem
  std::optional<Network> network = std::nullopt;
  std::vector<std::string> notes = {};
};

struct Request {
  Kind kind = Kind::kUpgrade;
  std::string id = {};
  std::string bin_dir = {};
  bool force = false;
  bool out_of_maintenance = false;
  bool uncatalogued = false;
  absl::Time now = {};
};

struct Plan {
  // If it isn't allowed there is no run. If it is and there is none, the wanted
  // version is installed already.
  Verdict verdict = {};
  std::optional<Run> run = std::nullopt;
};

// Without a network that has the plugin there is nothing to rehearse.
Plan MakePlan(const Request& request, const Look& look);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_PLAN_H_
