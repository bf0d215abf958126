#ifndef CNIVPC_APPLETS_UPGRADE_PLACES_H_
#define CNIVPC_APPLETS_UPGRADE_PLACES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/plan.h"
#include "applets/upgrade/run.h"

namespace applets::upgrade {

// Where things are on a node.
struct Places {
  std::string bin_dir = "/opt/cni/bin";
  std::string conf_dir = "/etc/cni/net.d";
  std::string state_dir = "/var/lib/cnivpc";
  // For the self-test alone; made and removed by it.
  std::string scratch_dir = "/run/cnivpc-upgrade";

  std::string plugin() const { return absl::StrCat(bin_dir, "/", kPluginFile); }
  std::string staged() const { return absl::StrCat(bin_dir, "/", kStagedFile); }
  std::string kept() const { return absl::StrCat(bin_dir, "/", kKeptFile); }
  std::string previous() const {
    return absl::StrCat(bin_dir, "/", kPreviousFile);
  }
  // The record of the last run; a dry run has one of its own while it lasts.
  std::string record(Kind kind) const {
    return absl::StrCat(state_dir, kind == Kind::kDryRun
                                       ? "/upgrade-dry-run.json"
                                       : "/upgrade.json");
  }
  // ... and of the last run over many nodes.
  std::string fleet_record() const {
    return absl::StrCat(state_dir, "/fleet.json");
  }
};

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_PLACES_H_
