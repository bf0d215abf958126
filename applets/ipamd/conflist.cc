#include "applets/ipamd/conflist.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::ipamd {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr char kType[] = "cnivpc";

constexpr char kShipped[] = R"({
  "cniVersion": "1.0.0",
  "name": "cnivpc",
  "plugins": [
    {
      "type": "cnivpc"
    },
    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    }
  ]
}
)";

absl::Status Check(absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Json list, base::Json::Parse(text));
  RETURN_IF_ERROR(list.String("name").status());
  ASSIGN_OR_RETURN(const std::vector<base::Json> plugins,
                   list.Array("plugins"));
  if (plugins.empty()) return list.Error("plugins: there are none");
  ASSIGN_OR_RETURN(const std::string type, plugins.front().String("type"));
  if (type != kType) {
    return list.Error(absl::StrCat("plugins[0].type: must be ", kType));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ShippedConflist() { return kShipped; }

absl::StatusOr<std::string> LoadConflist(const std::string& path) {
  if (path.empty()) return kShipped;
  ASSIGN_OR_RETURN(std::string text, base::ReadFile(path, kMaxBytes));
  const absl::Status status = Check(text);
  if (!status.ok()) return base::Annotate(status, path);
  return text;
}

absl::StatusOr<bool> InstallConflist(const std::string& path,
                                     absl::string_view text) {
  const absl::StatusOr<std::string> present = base::ReadFile(path, kMaxBytes);
  if (present.ok() && *present == text) return false;
  RETURN_IF_ERROR(base::MakeDirectories(
      std::filesystem::path(path).parent_path().string()));
  RETURN_IF_ERROR(base::WriteFileAtomically(path, text));
  return true;
}

}  // namespace applets::ipamd
