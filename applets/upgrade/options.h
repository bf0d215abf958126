#ifndef CNIVPC_APPLETS_UPGRADE_OPTIONS_H_
#define CNIVPC_APPLETS_UPGRADE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/places.h"

namespace applets::upgrade {

// "3", or "10%" of all.
struct Amount {
  int64_t number = 0;
  bool percent = false;
  // Rounded down, but 1 at least if it isn't 0.
  int64_t Of(size_t all) const;
};

// The command line of `cnivpc upgrade`, understood.
struct Options {
  enum class Action {
    kUpgrade,
    kRollback,
    kResume,
    kStatus,
    kCheck,
    kAbort,
    kPause,
    kQuery,
    kServe,
    kHelp
  };
  enum class Format { kText, kJson };

  Action action = Action::kUpgrade;
  std::string source = {};  // of kUpgrade
  std::string sha256 = {};
  std::string catalogue = {};  // a file
  bool force = false;
  bool dry_run = false;
  bool out_of_maintenance = false;
  Format format = Format::kText;
  // The answer in brief is written there, too (report.h).
  std::string answer_file = {};
  // The folder where the node's files are, seen from here; "" for /.
  std::string root = {};
  Places places = {};

  // Many nodes at once. Without `nodes` it is about the run on record.
  struct Fleet {
    bool meant = false;
    std::vector<std::string> nodes = {};
    std::string nodes_file = {};
    std::string through = {};
    // Instead of `through`, a Kubernetes cluster.
    bool all = false;  // its nodes
    std::string kubeconfig = {};
    std::string image = {};
    std::string run = {};  // its name
    Amount canaries = {1, false};
    Amount batch_size = {1, false};
    Amount max_unavailable = {};  // 0: as the batch
    Amount max_failures = {};
    absl::Duration soak = absl::ZeroDuration();
    absl::Duration deadline = absl::Hours(1);
    bool stop_only = false;        // when it fails
    int64_t max_failed_adds = 10;  // of a hundred

    bool in_cluster() const {
      return all || !kubeconfig.empty() || !image.empty();
    }
  };
  Fleet fleet = {};

  // The page, of kServe.
  struct Serve {
    std::string address = {};  // ADDRESS:PORT
    std::string token_file = {};
    std::string tls_cert = {};
    std::string tls_key = {};
    std::vector<std::string> names = {};
  };
  Serve serve = {};
};

// From the arguments behind the command's name: --NAME=VALUE or --NAME VALUE.
// INVALID_ARGUMENT names the flag.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// What --help prints.
std::string UsageText();

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_OPTIONS_H_
