// The plugin's parameters (CNI SPEC §2 Parameters): environment variables in,
// a struct out.
#ifndef CNIVPC_APPLETS_CNI_ENVIRONMENT_H_
#define CNIVPC_APPLETS_CNI_ENVIRONMENT_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/cni/verb.h"

namespace applets::cni {

// CNI_ARGS: who the pod is. Runtimes send the pairs in any order, some of them
// or none, so any of these may be empty.
struct Args {
  std::string pod_namespace;       // K8S_POD_NAMESPACE
  std::string pod_name;            // K8S_POD_NAME
  std::string pod_uid;             // K8S_POD_UID
  std::string infra_container_id;  // K8S_POD_INFRA_CONTAINER_ID

  friend bool operator==(const Args&, const Args&) = default;
};

struct Environment {
  Verb verb = Verb::kVersion;
  std::string container_id;  // CNI_CONTAINERID
  std::string netns;         // CNI_NETNS
  std::string ifname;        // CNI_IFNAME
  std::string path;          // CNI_PATH
  Args args;                 // CNI_ARGS
};

// getenv(3): nullptr when the variable isn't set.
using GetVariable = absl::FunctionRef<const char*(const char* name)>;

// Which variables must be there depends on the verb:
//
//                    ADD  DEL  CHECK  GC  STATUS  VERSION
//   CNI_COMMAND       x    x     x    x     x        x
//   CNI_CONTAINERID   x    x     x
//   CNI_NETNS         x          x
//   CNI_IFNAME        x    x     x
//   CNI_PATH                          x
//
// An empty variable counts as missing. Those that a verb needs are checked,
// the others are taken as they are: podman calls VERSION with CNI_IFNAME=dummy.
// The error is code 4 and names every variable that is missing or malformed.
absl::StatusOr<Environment> ReadEnvironment(GetVariable get);

// "K=V;K=V". Empty pairs are skipped, a value may hold '=', the last of equal
// keys counts, and unknown keys are ignored with or without IgnoreUnknown:
// every plugin of a chain gets the same CNI_ARGS. Code 4 names CNI_ARGS and the
// pair: one without '=' or without a key, or a value of ours that isn't
// printable ASCII.
absl::StatusOr<Args> ParseArgs(absl::string_view text);

// The rules for CNI_CONTAINERID (CNI SPEC §2), CNI_IFNAME (the kernel's
// dev_valid_name) and network names: OK or InvalidArgument saying what is
// wrong.
absl::Status CheckContainerId(absl::string_view id);
absl::Status CheckIfname(absl::string_view name);
absl::Status CheckNetworkName(absl::string_view name);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_ENVIRONMENT_H_
