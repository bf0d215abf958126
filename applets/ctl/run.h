#ifndef CNIVPC_APPLETS_CTL_RUN_H_
#define CNIVPC_APPLETS_CTL_RUN_H_

#include <string>

#include "absl/types/span.h"
#include "applets/ctl/host.h"

namespace applets::ctl {

// Does what the arguments (without the program's name) ask for. Each call
// blocks for at most --timeout; `events -f` goes on until the host has had
// enough.
Outcome Run(absl::Span<const std::string> arguments, const Host& host);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_RUN_H_
