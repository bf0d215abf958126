#include "applets/upgrade/options_check.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

absl::Status CheckServe(const Options::Serve& serve, Action action) {
  if (serve.tls_cert.empty() != serve.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  if (action == Action::kServe) return absl::OkStatus();
  if (!serve.address.empty()) {
    return absl::InvalidArgumentError("--serve goes with --from and --self");
  }
  if (serve.token_file.empty() && serve.tls_cert.empty() &&
      serve.names.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "--token-file, --tls-cert, --tls-key and --serve-name go with --serve");
}

bool Begins(Action action) {
  return action == Action::kUpgrade || action == Action::kQuery ||
         action == Action::kServe;
}

absl::Status CheckCluster(const Options& options) {
  const Options::Fleet& fleet = options.fleet;
  const bool names = !fleet.nodes.empty() || !fleet.nodes_file.empty();
  if (!fleet.through.empty() || !options.source.empty()) {
    return absl::InvalidArgumentError(
        "in a cluster --image says what is installed, not --from, --self and "
        "--through");
  }
  if (!Begins(options.action)) {
    return names || !fleet.image.empty()
               ? absl::InvalidArgumentError(
                     "--nodes and --image begin a run, or go with --query")
               : absl::OkStatus();
  }
  if (names != fleet.all && !fleet.image.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "in a cluster --image is needed, and either --all or --nodes");
}

absl::Status CheckThrough(const Options& options) {
  const Options::Fleet& fleet = options.fleet;
  const bool names = !fleet.nodes.empty() || !fleet.nodes_file.empty();
  if (names != Begins(options.action)) {
    return absl::InvalidArgumentError(
        "--nodes and --nodes-file go with --from and --self, or with --query; "
        "--fleet with --status, --resume, --abort and --rollback");
  }
  if (names && fleet.through.empty()) {
    return absl::InvalidArgumentError("--nodes needs --through, or --image");
  }
  if (options.action != Action::kPause) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--pause goes with --all; elsewhere Ctrl-C pauses a run");
}

absl::Status CheckFleet(const Options& options) {
  if (options.dry_run || options.action == Action::kCheck ||
      (!options.catalogue.empty() && options.action != Action::kServe)) {
    return absl::InvalidArgumentError(
        "--dry-run, --check and --catalogue are for one node");
  }
  RETURN_IF_ERROR(CheckServe(options.serve, options.action));
  return options.fleet.in_cluster() ? CheckCluster(options)
                                    : CheckThrough(options);
}

}  // namespace

absl::Status CheckTogether(const Options& options,
                           const std::vector<std::string>& actions) {
  if (options.action == Action::kHelp) return absl::OkStatus();
  if (actions.empty() && options.fleet.image.empty()) {
    return absl::InvalidArgumentError(
        "say what to do: --from=FILE, --self, --rollback, --resume, --check, "
        "--query, --serve or --status");
  }
  if (actions.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(actions[0], " and ", actions[1], ": only one of them"));
  }
  if (options.fleet.meant) return CheckFleet(options);
  if (options.action == Action::kAbort || options.action == Action::kPause) {
    return absl::InvalidArgumentError(
        absl::StrCat(actions[0], " goes with --fleet or --all"));
  }
  if (options.action == Action::kUpgrade) return absl::OkStatus();
  if (options.dry_run) {
    return absl::InvalidArgumentError("--dry-run goes with --from and --self");
  }
  if (!options.sha256.empty() && options.action != Action::kRollback) {
    return absl::InvalidArgumentError(
        "--sha256 goes with --from, --self and --rollback");
  }
  return absl::OkStatus();
}

}  // namespace applets::upgrade
