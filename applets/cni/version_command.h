#ifndef CNIVPC_APPLETS_CNI_VERSION_COMMAND_H_
#define CNIVPC_APPLETS_CNI_VERSION_COMMAND_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/build_info.h"

// `cnivpc version`: what this build is. Upgrade tasks and people read the text,
// so its lines "CNI Version:" and "Git Commit ID:" stay as they are.
namespace applets::cni {

enum class VersionFormat { kText, kJson };

// The format that the arguments (without the command's name) ask for.
// InvalidArgument says what is wrong with them.
absl::StatusOr<VersionFormat> ParseVersionArguments(
    absl::Span<const absl::string_view> arguments);

// The whole answer, with its last newline.
std::string FormatVersion(const base::BuildInfo& info, VersionFormat format);

// argv[0] is "version". Exit status 2 for bad arguments.
int VersionMain(int argc, char** argv);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_VERSION_COMMAND_H_
