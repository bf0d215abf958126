// A network's configuration file, and the calls that a runtime makes of it
// (CNI SPEC §1 "Configuration format", §3 "Deriving request configuration").
// Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_CONFLIST_H_
#define CNIVPC_APPLETS_UPGRADE_CONFLIST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/json.h"

namespace applets::upgrade {

inline constexpr size_t kMaxConflistBytes = 1 << 20;
inline constexpr char kPluginType[] = "cnivpc";

// Reads a list of plugins (.conflist) or one plugin alone (.conf, .json); which
// of the two it is shows in its content.
class Conflist {
 public:
  // INVALID_ARGUMENT names the field.
  static absl::StatusOr<Conflist> Parse(absl::string_view text);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }  // "" for none
  // Of each plugin, in the order of the chain.
  const std::vector<std::string>& types() const { return types_; }
  bool HasPlugin(absl::string_view type) const;

  // What plugin `i` reads from stdin; `previous_result` is JSON, or "".
  // Capabilities' arguments are left out: there are none in a test.
  std::string RequestFor(size_t i, absl::string_view previous_result) const;

 private:
  explicit Conflist(base::Json document) : document_(std::move(document)) {}

  base::Json document_;
  std::vector<base::Json> plugins_;
  std::string name_;
  std::string version_;
  std::vector<std::string> types_;
};

// `text` with another cniVersion and nothing else changed, but for blanks.
absl::StatusOr<std::string> WithVersion(absl::string_view text,
                                        absl::string_view version);

// The cniVersion that the configuration should have for a plugin that speaks
// `protocols`: its own where the plugin speaks it, else the newest that the
// plugin does speak and that is no newer than its own. "" if there is none.
// A plugin that doesn't say what it speaks is believed to speak all.
std::string VersionFor(absl::string_view current,
                       absl::Span<const std::string> protocols);

// Which of a folder's files a runtime reads: by its extension.
bool IsConfigurationFile(absl::string_view name);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_CONFLIST_H_
