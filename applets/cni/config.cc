#include "applets/cni/config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/cni/environment.h"
#include "applets/cni/error.h"
#include "base/status.h"

namespace applets::cni {
namespace {

constexpr char kDefaultSocket[] = "/run/cni-vpc-ipamd.sock";
constexpr char kDefaultStateDir[] = "/var/lib/cnivpc";
constexpr char kValidAttachments[] = "cni.dev/valid-attachments";
constexpr char kAttachments[] = "cni.dev/attachments";
constexpr uint32_t kDefaultMtuBytes = 1452;
// RFC 791: every host takes datagrams of 68 bytes; the IPv4 header's length
// field has 16 bits.
constexpr int64_t kMinMtuBytes = 68;
constexpr int64_t kMaxMtuBytes = 65535;
constexpr int64_t kDefaultTimeoutSeconds = 10;
constexpr int64_t kMaxTimeoutSeconds = 3600;
// sun_path of unix(7), without the NUL.
constexpr size_t kMaxSocketPathBytes = 107;

absl::Status Invalid(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

absl::Status Unsupported(const base::Json& field) {
  return ErrorWithCode(
      Code::kUnsupportedField,
      absl::StrCat("unsupported field: ", field.path(), "=", field.Dump()));
}

// Whether a capability argument asks for something: an empty list doesn't.
bool IsAsked(const base::Json& field) {
  const rapidjson::Value& value = field.raw();
  if (value.IsArray()) return !value.Empty();
  if (value.IsObject()) return !value.ObjectEmpty();
  if (value.IsString()) return value.GetStringLength() > 0;
  return !value.IsFalse();
}

absl::StatusOr<std::string> Path(const base::Json& document,
                                 absl::string_view key,
                                 absl::string_view missing) {
  ASSIGN_OR_RETURN(std::string path, document.String(key, missing));
  if (!absl::StartsWith(path, "/")) {
    return Invalid(key, "must be an absolute path");
  }
  if (absl::StrContains(path, '\0')) return Invalid(key, "must be a path");
  return path;
}

absl::StatusOr<std::string> LogFile(const base::Json& document) {
  ASSIGN_OR_RETURN(const std::string path,
                   document.String("logFile", kDefaultLogFile));
  if (path.empty()) return path;
  return Path(document, "logFile", kDefaultLogFile);
}

absl::StatusOr<uint32_t> Mtu(const base::Json& document) {
  ASSIGN_OR_RETURN(const int64_t mtu, document.Int("mtu", 0));
  if (mtu == 0) return 0;
  if (mtu < kMinMtuBytes || mtu > kMaxMtuBytes) {
    return Invalid("mtu", absl::StrCat("must be 0 or ", kMinMtuBytes, " to ",
                                       kMaxMtuBytes, ", not ", mtu));
  }
  return static_cast<uint32_t>(mtu);
}

absl::StatusOr<absl::Duration> Timeout(const base::Json& document) {
  ASSIGN_OR_RETURN(const int64_t seconds,
                   document.Int("timeout", kDefaultTimeoutSeconds));
  if (seconds < 1 || seconds > kMaxTimeoutSeconds) {
    return Invalid("timeout", absl::StrCat("must be 1 to ", kMaxTimeoutSeconds,
                                           " seconds, not ", seconds));
  }
  return absl::Seconds(seconds);
}

absl::StatusOr<std::string> Dns(const base::Json& document) {
  const auto dns = document.Find("dns");
  if (!dns) return std::string();
  RETURN_IF_ERROR(dns->MustBeObject());
  return dns->raw().ObjectEmpty() ? std::string() : dns->Dump();
}

absl::StatusOr<bool> HasPortMappings(const base::Json& document) {
  const auto runtime = document.Find("runtimeConfig");
  if (!runtime) return false;
  ASSIGN_OR_RETURN(const auto mappings, runtime->Array("portMappings"));
  return !mappings.empty();
}

absl::StatusOr<std::optional<std::vector<base::Attachment>>> ValidAttachments(
    const base::Json& document) {
  const char* key = kValidAttachments;
  if (!document.raw().HasMember(key)) key = kAttachments;
  if (!document.raw().HasMember(key)) return std::nullopt;
  ASSIGN_OR_RETURN(const auto elements, document.Array(key));
  std::vector<base::Attachment> attachments;
  for (const base::Json& element : elements) {
    base::Attachment attachment;
    ASSIGN_OR_RETURN(attachment.network, document.String("name"));
    ASSIGN_OR_RETURN(attachment.container_id, element.String("containerID"));
    ASSIGN_OR_RETURN(attachment.ifname, element.String("ifname"));
    attachments.push_back(std::move(attachment));
  }
  return attachments;
}

absl::StatusOr<std::string> Name(const base::Json& document) {
  ASSIGN_OR_RETURN(std::string name, document.String("name"));
  const absl::Status status = CheckNetworkName(name);
  if (!status.ok()) return Invalid("name", status.message());
  return name;
}

absl::StatusOr<std::string> Socket(const base::Json& document) {
  ASSIGN_OR_RETURN(std::string path, Path(document, "socket", kDefaultSocket));
  if (path.size() <= kMaxSocketPathBytes) return path;
  return Invalid("socket",
                 absl::StrCat("longer than ", kMaxSocketPathBytes, " bytes"));
}

absl::StatusOr<std::string> Vpc(const base::Json& document) {
  ASSIGN_OR_RETURN(std::string vpc, document.String("vpc", "ucloud"));
  if (vpc == "ucloud" || vpc == "embedded") return vpc;
  return Unsupported(*document.Find("vpc"));
}

absl::StatusOr<std::string> NodeIfname(const base::Json& document) {
  ASSIGN_OR_RETURN(std::string ifname, document.String("interface", ""));
  if (ifname.empty()) return ifname;
  const absl::Status status = CheckIfname(ifname);
  if (!status.ok()) return Invalid("interface", status.message());
  return ifname;
}

}  // namespace

absl::StatusOr<base::Json> ParseDocument(absl::string_view text) {
  auto document = base::Json::Parse(text);
  if (document.ok() && document->IsObject()) return document;
  return ErrorWithCode(
      Code::kUndecodable, "the configuration on stdin can't be decoded",
      document.ok() ? "not a JSON object" : document.status().message());
}

absl::StatusOr<SpecVersion> ParseVersion(const base::Json& document) {
  ASSIGN_OR_RETURN(const std::string text, document.String("cniVersion", ""));
  if (text.empty()) return kOldestVersion;
  const auto version = FindSpecVersion(text);
  if (version) return *version;
  return ErrorWithCode(Code::kIncompatibleVersion,
                       absl::StrCat("incompatible CNI version: ", text),
                       absl::StrCat("supported are ", SupportedVersions()));
}

// The addresses are the VPC's to give and the interfaces' MACs the plugin's;
// there is nothing to masquerade inside a VPC.
absl::Status CheckSupported(const base::Json& document) {
  for (const char* key : {"ipam", "ipMasq"}) {
    const auto field = document.Find(key);
    if (field && IsAsked(*field)) return Unsupported(*field);
  }
  const auto runtime = document.Find("runtimeConfig");
  if (!runtime) return absl::OkStatus();
  RETURN_IF_ERROR(runtime->MustBeObject());
  for (const char* key : {"ips", "ipRanges", "mac"}) {
    const auto field = runtime->Find(key);
    if (field && IsAsked(*field)) return Unsupported(*field);
  }
  return absl::OkStatus();
}

std::string LogFileOf(const base::Json& document) {
  return LogFile(document).value_or(kDefaultLogFile);
}

absl::StatusOr<Config> ParseConfig(const base::Json& document) {
  Config config;
  ASSIGN_OR_RETURN(config.version, ParseVersion(document));
  ASSIGN_OR_RETURN(config.name, Name(document));
  ASSIGN_OR_RETURN(config.type, document.String("type", ""));
  config.prev_result = document.Find("prevResult");
  ASSIGN_OR_RETURN(config.dns, Dns(document));
  ASSIGN_OR_RETURN(config.has_port_mappings, HasPortMappings(document));
  ASSIGN_OR_RETURN(config.valid_attachments, ValidAttachments(document));
  ASSIGN_OR_RETURN(config.socket, Socket(document));
  ASSIGN_OR_RETURN(config.state_dir,
                   Path(document, "stateDir", kDefaultStateDir));
  ASSIGN_OR_RETURN(config.log_file, LogFile(document));
  ASSIGN_OR_RETURN(config.mtu_bytes, Mtu(document));
  ASSIGN_OR_RETURN(config.timeout, Timeout(document));
  ASSIGN_OR_RETURN(config.vpc, Vpc(document));
  ASSIGN_OR_RETURN(config.subnet, document.String("subnet", ""));
  ASSIGN_OR_RETURN(config.vpc_state, document.String("vpcState", ""));
  ASSIGN_OR_RETURN(config.interface, NodeIfname(document));
  return config;
}

uint32_t EffectiveMtu(uint32_t configured_bytes, uint32_t node_bytes) {
  if (configured_bytes != 0) return configured_bytes;
  if (node_bytes == 0) return kDefaultMtuBytes;
  return std::min(kDefaultMtuBytes, node_bytes);
}

}  // namespace applets::cni
