#include "kube/kubeconfig.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Example(const std::string& name) {
  return *base::ReadFile("testdata/kube/kubeconfigs/" + name, 1 << 20);
}

// A file with these fields of the cluster and of the user.
std::string With(const std::string& cluster, const std::string& user) {
  return absl::StrCat(
      "current-context: c\n"
      "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
      "clusters: [{name: k, cluster: {",
      cluster, "}}]\nusers: [{name: u, user: {", user, "}}]\n");
}
constexpr char kServer[] = "server: 'https://k'";

absl::Status ErrorOf(const std::string& text) {
  return ParseKubeconfig(text, "/etc").status();
}

TEST(KubeconfigTest, ReadsAnAdministratorsFile) {
  const auto config = ParseKubeconfig(Example("admin.yaml"), "/root/.kube");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://10.9.135.78:6443");
  EXPECT_THAT(config->authority.text, HasSubstr("YXV0aG9yaXR5"));
  EXPECT_THAT(config->certificate.text, HasSubstr("Y2xpZW50"));
  EXPECT_THAT(config->key.text, HasSubstr("BEGIN PRIVATE KEY"));
  EXPECT_FALSE(config->skip_verification);
  EXPECT_EQ(config->token, "");
  EXPECT_EQ(config->default_namespace, "default");
}

TEST(KubeconfigTest, ReadsANodesFile) {
  const auto config = ParseKubeconfig(Example("kubelet.yaml"), "/var/lib");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config,
            (Config{.server = "https://10.9.135.78:6443",
                    .authority = {.file = "/etc/kubernetes/ssl/ca.pem"},
                    .certificate = {.file = "/var/lib/pki/"
                                            "kubelet-client-current.pem"},
                    .key = {.file = "/var/lib/pki/kubelet-client-current.pem"},
                    .default_namespace = "kube-system"}));
}

TEST(KubeconfigTest, ReadsJsonToo) {
  const auto config = ParseKubeconfig(Example("token.json"), "/");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, (Config{.server = "https://[fd00::1]:6443",
                             .skip_verification = true,
                             .token = "opensesame"}));
}

TEST(KubeconfigTest, TakesTheContextThatIsAskedFor) {
  const std::string text = Example("two-contexts.yaml");
  EXPECT_EQ(ParseKubeconfig(text, "/x")->server, "http://127.0.0.1:8001");
  const auto two = ParseKubeconfig(text, "/x", "two");
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(*two, (Config{.server = "https://b.example:443",
                          .authority = {.file = "/x/ca.crt"},
                          .token_file = "/x/token",
                          .token = "opensesame",
                          .default_namespace = "web"}));
}

TEST(KubeconfigTest, NamesWhatIsMissing) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "must be a map"},
      {"kind: Config", "current-context: missing"},
      {"current-context: c", "contexts: none is called \"c\""},
      {"{current-context: c, contexts: [{name: c}]}",
       "contexts[c].context: must be a map"},
      {"{current-context: c, contexts: [{name: c, context: {user: u}}]}",
       "contexts[c].context.cluster: missing"},
      {"{current-context: c, contexts: [{name: c, context: {cluster: k}}]}",
       "clusters: none is called \"k\""},
      {With("", ""), "clusters[k].cluster.server: missing"},
      {absl::StrReplaceAll(With(kServer, ""), {{"name: u", "name: v"}}),
       "users: none is called \"u\""},
  };
  for (const auto& [text, problem] : wrong) {
    const absl::Status error = ErrorOf(text);
    EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(error.message()), HasSubstr(problem));
  }
}

TEST(KubeconfigTest, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"- a", "must be a map"},
      {"current-context: [opensesame]", "current-context: must be text"},
      {"{current-context: c, contexts: opensesame}",
       "contexts: must be a list"},
      {"{current-context: c, contexts: [opensesame]}", "must hold maps"},
      {With("server: opensesame", ""), "server: must begin with https://"},
      {With("server: 'http://k'", ""), "isn't encrypted"},
      {With("server: 'http://localhost.evil'", ""), "isn't encrypted"},
      {With("server: 'https://'", ""), "must begin with https://"},
      {With(absl::StrCat(kServer, ", insecure-skip-tls-verify: maybe"), ""),
       "insecure-skip-tls-verify: must be true or false"},
      {With(absl::StrCat(kServer,
                         ", insecure-skip-tls-verify: true, "
                         "certificate-authority: ca"),
            ""),
       "contradicts certificate-authority"},
      {With(absl::StrCat(kServer, ", certificate-authority-data: '%%'"), ""),
       "certificate-authority-data: isn't base64"},
      {With(kServer, "client-key-data: b3BlbnNlc2FtZQ=="),
       "users[u].user.client-key-data: isn't PEM"},
      {With(kServer, "client-certificate: c"), "client-key: missing"},
      {With(kServer, "client-key: c"), "client-certificate: missing"},
      {With(kServer, "token: {opensesame: 1}"), "token: must be text"},
      {"clusters: [opensesame", "not YAML: line 1"},
  };
  for (const auto& [text, problem] : wrong) {
    const absl::Status error = ErrorOf(text);
    EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(error.message()), HasSubstr(problem));
    EXPECT_THAT(error.ToString(), Not(HasSubstr("opensesame")));
  }
}

TEST(KubeconfigTest, SaysWhatToDoInsteadOfWhatIsNotSupported) {
  const std::vector<std::pair<std::string, std::string>> unsupported = {
      {Example("exec.yaml"), "users[me].user.exec: "},
      {With(kServer, "auth-provider: {name: gcp}"),
       "users[u].user.auth-provider: "},
      {With(kServer, "username: u, password: opensesame"),
       "users[u].user.username: "},
      {With(kServer, "as: root"), "users[u].user.as: "},
      {With(absl::StrCat(kServer, ", proxy-url: 'http://p'"), ""),
       "clusters[k].cluster.proxy-url: "},
      {With(absl::StrCat(kServer, ", tls-server-name: n"), ""),
       "clusters[k].cluster.tls-server-name: "},
  };
  for (const auto& [text, problem] : unsupported) {
    const absl::Status error = ErrorOf(text);
    EXPECT_EQ(error.code(), absl::StatusCode::kUnimplemented) << error;
    EXPECT_THAT(std::string(error.message()), HasSubstr(problem));
    EXPECT_THAT(std::string(error.message()), HasSubstr("; "));
    EXPECT_THAT(error.ToString(), Not(HasSubstr("opensesame")));
  }
}

TEST(KubeconfigTest, VerifiesUnlessTheFileSaysOtherwise) {
  EXPECT_FALSE(ParseKubeconfig(With(kServer, ""), "/")->skip_verification);
  const std::string no =
      With(absl::StrCat(kServer, ", insecure-skip-tls-verify: false"), "");
  EXPECT_FALSE(ParseKubeconfig(no, "/")->skip_verification);
}

TEST(KubeconfigTest, IgnoresWhatIsNullAndWhatItDoesNotKnow) {
  const auto config = ParseKubeconfig(
      With(absl::StrCat(kServer, ", extensions: [{name: x}], proxy-url: ~"),
           "exec: null, token: ~, color: green"),
      "/");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, (Config{.server = "https://k"}));
}

}  // namespace
}  // namespace kube
