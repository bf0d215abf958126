// The record of the last run, and the lock that keeps upgraders apart.
#ifndef CNIVPC_APPLETS_UPGRADE_STATE_FILE_H_
#define CNIVPC_APPLETS_UPGRADE_STATE_FILE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/upgrade/run.h"
#include "base/fd.h"

namespace applets::upgrade {

// None when no upgrade was ever begun. INVALID_ARGUMENT names the file when it
// can't be read.
absl::StatusOr<std::optional<Run>> LoadRun(const std::string& path);

// Durable when it returns. Makes the folder if need be.
absl::Status SaveRun(const std::string& path, const Run& run);

// flock(2) on the folder of plugins: held as long as the descriptor, and by one
// at a time, whatever their views of the file system. UNAVAILABLE when somebody
// else holds it.
absl::StatusOr<base::Fd> LockFolder(const std::string& folder);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_STATE_FILE_H_
