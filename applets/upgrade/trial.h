// A pod made and unmade by a network's plugins, as a container runtime does it.
#ifndef CNIVPC_APPLETS_UPGRADE_TRIAL_H_
#define CNIVPC_APPLETS_UPGRADE_TRIAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/conflist.h"

namespace applets::upgrade {

struct Trial {
  Conflist network;
  std::string bin_dir;  // CNI_PATH
  // What is run as cnivpc; the chain's other plugins come from `bin_dir`.
  std::string plugin;
  // One at a time: whoever tries under a name may discard what was left by it.
  std::string container_id;
  int node_netns_fd = -1;                    // borrowed; -1: ours
  absl::Duration limit = absl::Seconds(60);  // for each call of a plugin
  // How long "try again later" (code 11) is believed.
  absl::Duration patience = absl::Seconds(20);
};

struct Tried {
  std::string address;
  absl::Duration add;
  absl::Duration del;
};

// ADD; the pod has the address that the result says; a packet to it and back;
// CHECK by our plugin; DEL; the interface is gone. The error says which of
// these failed, and has the plugin's own words; then what was done is undone as
// far as it can be. UNAVAILABLE: the plugin said "try again later" to the end.
absl::StatusOr<Tried> TryPod(const Trial& trial);

// DEL of a pod whose network namespace is gone: after a trial that didn't end.
absl::Status Discard(const Trial& trial);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_TRIAL_H_
