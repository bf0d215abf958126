#include "applets/ctl/failure.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace applets::ctl {
namespace {

constexpr char kStart[] =
    "Start it (see docs/operations.md), or name its socket "
    "with --socket. On a node without ipamd the plugin leases addresses "
    "itself, and there is no pool to show.";
constexpr char kBecomeRoot[] =
    "ipamd answers root and its group only: run cnivpctl as root.";
constexpr char kMayRead[] =
    "Take a kubeconfig whose user may get and list ipamds in kube-system.";
constexpr char kWait[] =
    "Wait longer with --timeout, or see in ipamd's log what keeps it.";
constexpr char kAgain[] = "Ask again in a moment.";
constexpr char kElsewhere[] = "Name another file, or - for stdout.";
constexpr char kCompare[] =
    "Is it another version? Compare `cnivpctl version` with ipamd's.";

std::string Lines(absl::string_view problem, absl::string_view advice) {
  return absl::StrCat("cnivpctl: ", problem, "\n", advice,
                      advice.empty() ? "" : "\n");
}

std::string SaidNo(const absl::Status& status) {
  return absl::StrCat("ipamd said no: ", status.message(), " (",
                      absl::StatusCodeToString(status.code()), ")");
}

}  // namespace

std::string ExplainUnreachable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return Lines(status.message(), kStart);
    case absl::StatusCode::kPermissionDenied:
      return Lines(status.message(), kBecomeRoot);
    case absl::StatusCode::kDeadlineExceeded:
      return Lines(status.message(), kWait);
    default:
      return Lines(absl::StrCat("can't reach ipamd: ", status.message()), "");
  }
}

std::string ExplainCluster(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
      return Lines(status.message(), "");
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return Lines(status.message(), kMayRead);
    default:
      return Lines(
          absl::StrCat("can't reach the API server: ", status.message()), "");
  }
}

std::string ExplainRefused(const absl::Status& status) {
  switch (status.code()) {
    // Both are the client's as well as the daemon's; the message tells.
    case absl::StatusCode::kDeadlineExceeded:
      return Lines(status.message(), kWait);
    case absl::StatusCode::kUnavailable:
      return Lines(status.message(), kAgain);
    // Nothing was sent that could be invalid: it is the answer that is.
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kInternal:
      return Lines(absl::StrCat("can't use ipamd's answer: ", status.message()),
                   kCompare);
    case absl::StatusCode::kNotFound:
      return Lines(status.message(), "");
    case absl::StatusCode::kUnimplemented:
      return Lines(SaidNo(status), kCompare);
    case absl::StatusCode::kPermissionDenied:
      return Lines(SaidNo(status), kBecomeRoot);
    default:
      return Lines(SaidNo(status), "");
  }
}

std::string ExplainBundle(const absl::Status& status) {
  return Lines(absl::StrCat("can't write the bundle: ", status.message()),
               kElsewhere);
}

std::string ExplainUsage(const absl::Status& status) {
  return Lines(status.message(), "See cnivpctl --help.");
}

}  // namespace applets::ctl
