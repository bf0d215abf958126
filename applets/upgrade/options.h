#ifndef CNIVPC_APPLETS_UPGRADE_OPTIONS_H_
#define CNIVPC_APPLETS_UPGRADE_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/upgrade/places.h"

namespace applets::upgrade {

// The command line of `cnivpc upgrade`, understood.
struct Options {
  enum class Action { kUpgrade, kRollback, kResume, kStatus, kHelp };
  enum class Format { kText, kJson };

  Action action = Action::kUpgrade;
  std::string source = {};  // of kUpgrade
  std::string sha256 = {};
  std::string catalogue = {};  // a file
  bool force = false;
  bool dry_run = false;
  bool out_of_maintenance = false;
  Format format = Format::kText;
  Places places = {};
};

// From the arguments behind the command's name: --NAME=VALUE or --NAME VALUE.
// INVALID_ARGUMENT names the flag.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// What --help prints.
std::string UsageText();

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_OPTIONS_H_
