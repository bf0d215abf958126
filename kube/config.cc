#include "kube/config.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/build_info.h"
#include "base/file.h"
#include "base/status.h"
#include "kube/kubeconfig.h"

namespace kube {
namespace {

// Far more than a signed token takes, and than kubectl's largest files.
constexpr size_t kMaxToken = size_t{64} << 10;
constexpr size_t kMaxKubeconfig = size_t{1} << 20;

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

// An IPv6 address stands in brackets in a URL.
std::string UrlOf(const PodSurroundings& pod) {
  const bool v6 = absl::StrContains(pod.service_host, ':');
  return absl::StrCat("https://", v6 ? "[" : "", pod.service_host,
                      v6 ? "]" : "", ":", pod.service_port);
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  const absl::StatusOr<std::string> text = base::ReadFile(path, kMaxToken);
  if (!text.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no token: ", text.status().message()));
  }
  std::string token(absl::StripAsciiWhitespace(*text));
  if (token.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": empty"));
  }
  return token;
}

}  // namespace

PodSurroundings OwnSurroundings() {
  return {.service_host = Variable("KUBERNETES_SERVICE_HOST"),
          .service_port = Variable("KUBERNETES_SERVICE_PORT")};
}

absl::StatusOr<Config> InCluster(const PodSurroundings& pod) {
  if (pod.service_host.empty() || pod.service_port.empty()) {
    return absl::FailedPreconditionError(
        "not in a pod of a cluster: KUBERNETES_SERVICE_HOST and "
        "KUBERNETES_SERVICE_PORT aren't set");
  }
  Config config = {.server = UrlOf(pod),
                   .authority = {.file = pod.account_folder + "/ca.crt"},
                   .token_file = pod.account_folder + "/token"};
  RETURN_IF_ERROR(ReadToken(config.token_file).status());
  const auto name = base::ReadFile(pod.account_folder + "/namespace", 4096);
  if (name.ok()) {
    config.default_namespace = absl::StripAsciiWhitespace(*name);
  }
  return config;
}

absl::StatusOr<Config> LoadKubeconfig(const std::string& path,
                                      absl::string_view context) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, kMaxKubeconfig));
  const std::string folder =
      std::filesystem::absolute(path).parent_path().string();
  absl::StatusOr<Config> config = ParseKubeconfig(text, folder, context);
  if (!config.ok()) return base::Annotate(config.status(), path);
  return config;
}

absl::StatusOr<std::string> CurrentToken(const Config& config) {
  if (config.token_file.empty()) return config.token;
  absl::StatusOr<std::string> token = ReadToken(config.token_file);
  if (!token.ok() && !config.token.empty()) return config.token;
  return token;
}

base::HttpOptions HttpOptionsOf(const Config& config) {
  return {.ca_bundle = config.authority.file,
          .ca_pem = config.authority.text,
          .certificate = config.certificate.file,
          .key = config.key.file,
          .certificate_pem = config.certificate.text,
          .key_pem = config.key.text,
          .skip_verification = config.skip_verification,
          .user_agent = absl::StrCat(
              "cnivpc/", std::string(base::GetBuildInfo().version))};
}

}  // namespace kube
