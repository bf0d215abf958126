#ifndef CNIVPC_APPLETS_INSTALL_H_
#define CNIVPC_APPLETS_INSTALL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace applets {

// The way from the folder `from` to `to`, as a link in `from` would say it.
// Both are absolute, with no "." or ".." in them: "/opt/bin", "/opt/cni/x" →
// "../cni/x".
std::string RelativePath(absl::string_view from, absl::string_view to);

// Makes `directory`/NAME a link to `executable` for each of `names`, and
// returns those it made. Links are relative: they stay right when the folders
// are mounted elsewhere. An existing link is replaced in one step, so that NAME
// never goes missing. The executable itself is left alone where it lies under
// one of the names.
// AlreadyExists, and nothing changed, when something else is in the way.
absl::StatusOr<std::vector<std::string>> InstallLinks(
    const std::string& directory, const std::string& executable,
    absl::Span<const absl::string_view> names);

// Copies the executable to `directory`/cnivpc in one step, so that whoever runs
// it runs the old one or the new one; what stands there, be it a link, is
// replaced. It may be running.
absl::Status InstallCopy(const std::string& directory,
                         const std::string& executable);

}  // namespace applets

#endif  // CNIVPC_APPLETS_INSTALL_H_
