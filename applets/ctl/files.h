#ifndef CNIVPC_APPLETS_CTL_FILES_H_
#define CNIVPC_APPLETS_CTL_FILES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The files that a bundle is made from and written to.
namespace applets::ctl {

// The last `limit` bytes of a regular file.
absl::StatusOr<std::string> Tail(const std::string& path, size_t limit);

// The paths of what is in a folder, hidden files left out, by name.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

// Creates a file that only its owner can read. ALREADY_EXISTS if there is one.
absl::Status WriteSecretly(const std::string& path, absl::string_view data);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_FILES_H_
