#ifndef CNIVPC_KUBE_CONFIG_H_
#define CNIVPC_KUBE_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/http.h"

namespace kube {

// PEM, in a file or as text; neither: none.
struct Pem {
  std::string file = {};
  std::string text = {};

  bool empty() const { return file.empty() && text.empty(); }
  friend bool operator==(const Pem&, const Pem&) = default;
};

// How an API server is reached, and as whom.
struct Config {
  std::string server = {};  // "https://10.0.0.1:6443", no slash at its end
  Pem authority = {};       // who signs the server's certificate
  bool skip_verification = false;  // only if the user has written so
  Pem certificate = {};            // our own
  Pem key = {};
  // The file goes first: it is read for each call, since tokens rotate.
  std::string token_file = {};
  std::string token = {};
  std::string default_namespace = "default";

  friend bool operator==(const Config&, const Config&) = default;
};

// What a pod finds around itself.
struct PodSurroundings {
  std::string service_host = {};  // KUBERNETES_SERVICE_HOST
  std::string service_port = {};  // KUBERNETES_SERVICE_PORT
  std::string account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};
// From the environment.
PodSurroundings OwnSurroundings();

// The cluster this process is a pod of, as its service account.
// FAILED_PRECONDITION: this is no pod, or one without a service account's
// token.
absl::StatusOr<Config> InCluster(const PodSurroundings& pod);

// A kubeconfig file's current context, or `context`. Errors as ParseKubeconfig
// (kubeconfig.h), and those of reading the file; all name it.
absl::StatusOr<Config> LoadKubeconfig(const std::string& path,
                                      absl::string_view context = "");

// The token to show now, "" for none. FAILED_PRECONDITION if its file can't be
// read or is empty.
absl::StatusOr<std::string> CurrentToken(const Config& config);

base::HttpOptions HttpOptionsOf(const Config& config);

}  // namespace kube

#endif  // CNIVPC_KUBE_CONFIG_H_
