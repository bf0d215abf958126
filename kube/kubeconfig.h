#ifndef CNIVPC_KUBE_KUBECONFIG_H_
#define CNIVPC_KUBE_KUBECONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kube/config.h"

namespace kube {

// Reads a kubeconfig (apiVersion v1, kind Config), YAML or JSON: the cluster,
// user and namespace of `context`, of its current-context if that is "".
//
//   current-context: c
//   contexts: [{name: c, context: {cluster: k, user: u, namespace: n}}]
//   clusters: [{name: k, cluster: {server: …,
//     certificate-authority | certificate-authority-data |
//     insecure-skip-tls-verify: …}}]
//   users: [{name: u, user: {token | tokenFile: …,
//     client-certificate | client-certificate-data: …,
//     client-key | client-key-data: …}}]
//
// As kubectl does: of two with one name the first counts, data goes before a
// file, a token's file before the token; relative paths are relative to
// `folder`, that of the kubeconfig. Fields that aren't known are ignored.
//
// INVALID_ARGUMENT names the field: `clusters[k].cluster.server: missing`.
// UNIMPLEMENTED: a field that changes as whom or how the server is reached, and
// that isn't supported: exec, auth-provider, username, password, as…,
// proxy-url, tls-server-name. Values are never quoted, but for names.
absl::StatusOr<Config> ParseKubeconfig(absl::string_view text,
                                       const std::string& folder,
                                       absl::string_view context = "");

}  // namespace kube

#endif  // CNIVPC_KUBE_KUBECONFIG_H_
