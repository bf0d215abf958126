// The plugin's configuration (CNI SPEC §1 "Plugin configuration objects" and §3
// "Deriving request configuration"): JSON from stdin in, a struct out.
#ifndef CNIVPC_APPLETS_CNI_CONFIG_H_
#define CNIVPC_APPLETS_CNI_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/cni/spec_version.h"
#include "base/attachment.h"
#include "base/json.h"

namespace applets::cni {

// No configuration is larger; GC's list of attachments takes about 100 bytes
// each.
inline constexpr size_t kMaxConfigBytes = 4 << 20;

struct Config {
  SpecVersion version = kOldestVersion;
  std::string name;
  std::string type;

  // As they came: only ADD and CHECK look into prevResult, and a broken one
  // must not keep DEL from its work.
  std::optional<base::Json> prev_result;
  std::string dns;  // "dns", a JSON object to be told in the result; "" if none
  bool has_port_mappings = false;  // in runtimeConfig.portMappings

  // GC's cni.dev/valid-attachments (or cni.dev/attachments, which libcni sends
  // for the sake of an error in an early SPEC). nullopt when the runtime sent
  // neither; a null, which is how libcni writes no attachments, is none.
  std::optional<std::vector<base::Attachment>> valid_attachments;

  // Ours, the same at every call of a network.
  std::string socket;      // "socket": where ipamd listens
  std::string state_dir;   // "stateDir": store, lock and queue
  std::string log_file;    // "logFile": "" for none
  uint32_t mtu_bytes = 0;  // "mtu": 0 for the default, see EffectiveMtu
  absl::Duration timeout;  // "timeout", seconds: for the daemon's answers
  // For running without the daemon.
  std::string vpc;        // "vpc": "ucloud" or "embedded"
  std::string subnet;     // "subnet": "" for the node's own
  std::string vpc_state;  // "vpcState": the embedded VPC's file
  std::string interface;  // "interface": "" for the node's main one
};

// The text as a JSON object. Code 6 otherwise.
absl::StatusOr<base::Json> ParseDocument(absl::string_view text);

// cniVersion; a document without one is of the oldest. Code 1, with the
// versions there are, for one we don't have; 7 if it's no string.
absl::StatusOr<SpecVersion> ParseVersion(const base::Json& document);

// `logFile` alone, for telling of what is wrong with the rest; the default when
// it's wrong itself.
std::string LogFileOf(const base::Json& document);
inline constexpr char kDefaultLogFile[] = "/var/log/cnivpc.log";

// The whole configuration. Fields we don't know are ignored: they are other
// plugins' or a later version's. Code 7 names the field with a wrong type or
// value, 2 the key and value of a `vpc` that we don't have.
absl::StatusOr<Config> ParseConfig(const base::Json& document);

// For ADD and STATUS: code 2, with key and value, for a field that we know and
// can't do. The addresses are the VPC's to give and the MACs the plugin's, so
// an `ipam` section and addresses or a MAC that the runtime demands are such,
// and so is `ipMasq`: there is nothing to masquerade inside a VPC. DEL doesn't
// ask: what was added before somebody wrote that must still go.
absl::Status CheckSupported(const base::Json& document);

// The MTU of the pod's interface: the configured one, else 1452 (which leaves
// room for a tunnel between VPCs), or less if the node's interface has less.
uint32_t EffectiveMtu(uint32_t configured_bytes, uint32_t node_bytes);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_CONFIG_H_
