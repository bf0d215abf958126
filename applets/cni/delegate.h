// Calling another CNI plugin (CNI SPEC §4 "Plugin Delegation").
#ifndef CNIVPC_APPLETS_CNI_DELEGATE_H_
#define CNIVPC_APPLETS_CNI_DELEGATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/cni/verb.h"

namespace applets::cni {

// The executable file `name` in the first folder of CNI_PATH that has one.
// NOT_FOUND when none does.
absl::StatusOr<std::string> FindPlugin(absl::string_view path,
                                       absl::string_view name);

// Runs it with our environment, but for CNI_COMMAND, and waits for it. Its
// stderr is ours. An error it reports comes back with its code and details, its
// message behind the plugin's name.
absl::Status RunPlugin(const std::string& file, Verb verb,
                       absl::string_view config);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_DELEGATE_H_
