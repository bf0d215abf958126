// What a cnivpc executable says about itself: `cnivpc version`.
#ifndef CNIVPC_APPLETS_UPGRADE_VERSION_OUTPUT_H_
#define CNIVPC_APPLETS_UPGRADE_VERSION_OUTPUT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/upgrade/version.h"

namespace applets::upgrade {

enum class Product {
  kOurs,     // this project's
  kUk8s,     // UK8S's Go program of the same name
  kUnknown,  // something else that has a version
};

struct VersionReport {
  Product product = Product::kUnknown;
  std::string text;                    // of the version, whatever it is
  std::optional<Version> version;      // none for "dev-3f2a"
  std::string commit;                  // "" if it doesn't say
  std::vector<std::string> protocols;  // CNI versions; none if it doesn't say
};

// From what the command printed, stdout and stderr together:
//
//   CNI Version:    0.1.0                          both; required
//   CNI Protocols:  0.1.0, 0.2.0, ..., 1.1.0       ours alone
//   Go Version: go1.19.4                           UK8S's alone
//   Git Commit ID:  3f2a...                        both
//
// Some releases of UK8S's print through their logger, so each line may have a
// klog header, "I0712 11:02:17.240138   27 main.go:33] ", before it. Lines that
// aren't known are ignored. InvalidArgument when no line names a version.
absl::StatusOr<VersionReport> ParseVersionOutput(absl::string_view output);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_VERSION_OUTPUT_H_
