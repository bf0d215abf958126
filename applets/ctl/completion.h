#ifndef CNIVPC_APPLETS_CTL_COMPLETION_H_
#define CNIVPC_APPLETS_CTL_COMPLETION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace applets::ctl {

// A script for `shell` (one of Shells()), written from the command table, that
// completes commands, flags, and the values of -o. It asks nobody: what it
// knows stands in it. Load it with `source <(cnivpctl completion bash)`, or put
// zsh's into a folder of $fpath as _cnivpctl.
std::string CompletionScript(absl::string_view shell);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_COMPLETION_H_
