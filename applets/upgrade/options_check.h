#ifndef CNIVPC_APPLETS_UPGRADE_OPTIONS_CHECK_H_
#define CNIVPC_APPLETS_UPGRADE_OPTIONS_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "applets/upgrade/options.h"

namespace applets::upgrade {

// Whether flags that make sense alone do so together. `actions` are the flags
// that say what to do. INVALID_ARGUMENT names the flags.
absl::Status CheckTogether(const Options& options,
                           const std::vector<std::string>& actions);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_OPTIONS_CHECK_H_
