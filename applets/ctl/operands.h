#ifndef CNIVPC_APPLETS_CTL_OPERANDS_H_
#define CNIVPC_APPLETS_CTL_OPERANDS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "applets/ctl/command_table.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// `options` with the words that stand behind the command. A pod is
// NAMESPACE/NAME, or NAME in the namespace "default". InvalidArgument says what
// is missing, wrong or too much.
absl::StatusOr<Options> TakeOperands(const Command& command,
                                     absl::Span<const absl::string_view> words,
                                     Options options);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_OPERANDS_H_
