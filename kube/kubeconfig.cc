#include "kube/kubeconfig.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "yaml-cpp/yaml.h"

namespace kube {
namespace {

// A map of the file and what it is called: "users[admin].user".
struct Section {
  YAML::Node node;
  std::string path;

  absl::Status Error(absl::string_view key, absl::string_view problem) const {
    const absl::string_view dot = path.empty() || key.empty() ? "" : ".";
    return absl::InvalidArgumentError(
        absl::StrCat(path, dot, key, ": ", problem));
  }
  // Whether there is something else than null.
  bool Has(const std::string& key) const {
    const YAML::Node value = node[key];
    return value && !value.IsNull();
  }
};

// "" for a missing one.
absl::StatusOr<std::string> Text(const Section& section,
                                 const std::string& key) {
  if (!section.Has(key)) return "";
  const YAML::Node value = section.node[key];
  if (!value.IsScalar()) return section.Error(key, "must be text");
  return value.Scalar();
}

absl::StatusOr<std::string> NeededText(const Section& section,
                                       const std::string& key) {
  ASSIGN_OR_RETURN(std::string text, Text(section, key));
  if (text.empty()) return section.Error(key, "missing");
  return text;
}

absl::StatusOr<bool> Flag(const Section& section, const std::string& key) {
  ASSIGN_OR_RETURN(const std::string text, Text(section, key));
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return section.Error(key, "must be true or false");
}

absl::StatusOr<Section> Map(const Section& section, const std::string& key) {
  const YAML::Node value = section.node[key];
  if (!value || !value.IsMap()) return section.Error(key, "must be a map");
  const absl::string_view dot = section.path.empty() ? "" : ".";
  return Section{value, absl::StrCat(section.path, dot, key)};
}

// Of the list `kinds`, the entry called `name`; what it is about, `kind`.
struct Wanted {
  std::string kinds;
  std::string kind;
  std::string name;
};

absl::StatusOr<Section> Entry(const Section& file, const Wanted& wanted) {
  const YAML::Node list = file.node[wanted.kinds];
  if (list && !list.IsNull() && !list.IsSequence()) {
    return file.Error(wanted.kinds, "must be a list");
  }
  for (const YAML::Node& entry : list) {
    if (!entry.IsMap()) return file.Error(wanted.kinds, "must hold maps");
    const Section section = {entry,
                             absl::StrCat(wanted.kinds, "[", wanted.name, "]")};
    const absl::StatusOr<std::string> name = Text(section, "name");
    if (!name.ok()) return file.Error(wanted.kinds, "a name must be text");
    if (*name == wanted.name) return Map(section, wanted.kind);
  }
  return file.Error(wanted.kinds,
                    absl::StrCat("none is called \"", wanted.name, "\""));
}

struct Unsupported {
  absl::string_view field;
  absl::string_view why;
};

constexpr absl::string_view kNoPrograms =
    "programs and plugins that fetch credentials aren't run; write a token, a "
    "tokenFile, or client-certificate and client-key instead";
constexpr absl::string_view kNoPasswords =
    "API servers take no passwords since 1.19; write a token, a tokenFile, or "
    "client-certificate and client-key instead";
constexpr absl::string_view kNoImpersonation =
    "acting as somebody else isn't supported; write that user's credentials";

constexpr std::array<Unsupported, 8> kUserFields = {{
    {"exec", kNoPrograms},
    {"auth-provider", kNoPrograms},
    {"username", kNoPasswords},
    {"password", kNoPasswords},
    {"as", kNoImpersonation},
    {"as-uid", kNoImpersonation},
    {"as-groups", kNoImpersonation},
    {"as-user-extra", kNoImpersonation},
}};
constexpr std::array<Unsupported, 2> kClusterFields = {{
    {"proxy-url",
     "proxies aren't supported; the server must be reached "
     "directly"},
    {"tls-server-name",
     "isn't supported; write a server whose name or address "
     "its certificate has"},
}};

template <size_t kSize>
absl::Status Refuse(const Section& section,
                    const std::array<Unsupported, kSize>& fields) {
  for (const Unsupported& unsupported : fields) {
    if (!section.Has(std::string(unsupported.field))) continue;
    return absl::UnimplementedError(absl::StrCat(
        section.path, ".", unsupported.field, ": ", unsupported.why));
  }
  return absl::OkStatus();
}

class Reader {
 public:
  Reader(Section file, std::string folder)
      : file_(std::move(file)), folder_(std::move(folder)) {}

  absl::StatusOr<Config> Read(absl::string_view context_name);

 private:
  absl::Status ReadCluster(const Section& cluster);
  absl::Status ReadUser(const Section& user);
  absl::Status CheckServer(const Section& cluster) const;
  absl::StatusOr<Pem> ReadPem(const Section& section, const std::string& key);
  absl::StatusOr<std::string> ReadPath(const Section& section,
                                       const std::string& key);

  const Section file_;
  const std::string folder_;
  Config config_;
};

absl::StatusOr<Config> Reader::Read(absl::string_view context_name) {
  std::string name(context_name);
  if (name.empty()) {
    ASSIGN_OR_RETURN(name, NeededText(file_, "current-context"));
  }
  ASSIGN_OR_RETURN(const Section context,
                   Entry(file_, {"contexts", "context", name}));
  ASSIGN_OR_RETURN(const std::string cluster, NeededText(context, "cluster"));
  ASSIGN_OR_RETURN(const Section cluster_section,
                   Entry(file_, {"clusters", "cluster", cluster}));
  RETURN_IF_ERROR(ReadCluster(cluster_section));
  ASSIGN_OR_RETURN(const std::string user, Text(context, "user"));
  if (!user.empty()) {
    ASSIGN_OR_RETURN(const Section section,
                     Entry(file_, {"users", "user", user}));
    RETURN_IF_ERROR(ReadUser(section));
  }
  ASSIGN_OR_RETURN(const std::string space, Text(context, "namespace"));
  if (!space.empty()) config_.default_namespace = space;
  return config_;
}

absl::Status Reader::ReadCluster(const Section& cluster) {
  RETURN_IF_ERROR(Refuse(cluster, kClusterFields));
  ASSIGN_OR_RETURN(const std::string server, NeededText(cluster, "server"));
  config_.server = absl::StripSuffix(server, "/");
  RETURN_IF_ERROR(CheckServer(cluster));
  ASSIGN_OR_RETURN(config_.authority,
                   ReadPem(cluster, "certificate-authority"));
  ASSIGN_OR_RETURN(config_.skip_verification,
                   Flag(cluster, "insecure-skip-tls-verify"));
  if (config_.skip_verification && !config_.authority.empty()) {
    return cluster.Error("insecure-skip-tls-verify",
                         "contradicts certificate-authority; remove one");
  }
  return absl::OkStatus();
}

// Credentials aren't sent in the clear, but for what stays on this machine,
// such as kubectl proxy.
absl::Status Reader::CheckServer(const Section& cluster) const {
  absl::string_view rest = config_.server;
  if (absl::ConsumePrefix(&rest, "https://") && !rest.empty()) {
    return absl::OkStatus();
  }
  if (!absl::ConsumePrefix(&rest, "http://") || rest.empty()) {
    return cluster.Error("server", "must begin with https://");
  }
  const std::string host(rest.substr(0, rest.find('/')));
  for (const absl::string_view local : {"127.0.0.1", "localhost", "[::1]"}) {
    if (host == local || absl::StartsWith(host, absl::StrCat(local, ":"))) {
      return absl::OkStatus();
    }
  }
  return cluster.Error("server",
                       "must begin with https://, for http:// isn't encrypted");
}

absl::Status Reader::ReadUser(const Section& user) {
  RETURN_IF_ERROR(Refuse(user, kUserFields));
  ASSIGN_OR_RETURN(config_.token, Text(user, "token"));
  ASSIGN_OR_RETURN(config_.token_file, ReadPath(user, "tokenFile"));
  ASSIGN_OR_RETURN(config_.certificate, ReadPem(user, "client-certificate"));
  ASSIGN_OR_RETURN(config_.key, ReadPem(user, "client-key"));
  if (config_.certificate.empty() != config_.key.empty()) {
    return user.Error(config_.key.empty() ? "client-key" : "client-certificate",
                      "missing, but a certificate and its key belong together");
  }
  return absl::OkStatus();
}

// KEY-data, or the file KEY.
absl::StatusOr<Pem> Reader::ReadPem(const Section& section,
                                    const std::string& key) {
  const std::string data_key = key + "-data";
  ASSIGN_OR_RETURN(const std::string data, Text(section, data_key));
  if (data.empty()) {
    ASSIGN_OR_RETURN(const std::string file, ReadPath(section, key));
    return Pem{.file = file};
  }
  Pem pem;
  if (!absl::Base64Unescape(data, &pem.text)) {
    return section.Error(data_key, "isn't base64");
  }
  if (!absl::StrContains(pem.text, "-----BEGIN ")) {
    return section.Error(data_key, "isn't PEM in base64");
  }
  return pem;
}

absl::StatusOr<std::string> Reader::ReadPath(const Section& section,
                                             const std::string& key) {
  ASSIGN_OR_RETURN(const std::string path, Text(section, key));
  if (path.empty() || absl::StartsWith(path, "/")) return path;
  return absl::StrCat(folder_, "/", path);
}

}  // namespace

// yaml-cpp throws; nothing else does, and nothing gets out of here.
absl::StatusOr<Config> ParseKubeconfig(absl::string_view text,
                                       const std::string& folder,
                                       absl::string_view context) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root.IsMap()) {
      return absl::InvalidArgumentError("not a kubeconfig: must be a map");
    }
    return Reader({root, ""}, folder).Read(context);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("not YAML: line ", error.mark.line + 1, ", column ",
                     error.mark.column + 1));
  }
}

}  // namespace kube
