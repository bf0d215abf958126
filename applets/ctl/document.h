#ifndef CNIVPC_APPLETS_CTL_DOCUMENT_H_
#define CNIVPC_APPLETS_CTL_DOCUMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// JSON for programs. Both take JSON and keep its names and their order, so that
// there is one place that names a message's fields: its codec.
// InvalidArgument when it isn't JSON, or nested too deep.
namespace applets::ctl {

// Indented by four spaces, as kubectl's, with a newline at the end.
absl::StatusOr<std::string> ToIndentedJson(absl::string_view json);

// Block style. A string that any reader of YAML 1.1 or 1.2 could take for
// something else (1e5, no, 10.0.0.1, a time) is in double quotes.
absl::StatusOr<std::string> ToYaml(absl::string_view json);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_DOCUMENT_H_
