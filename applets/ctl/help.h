#ifndef CNIVPC_APPLETS_CTL_HELP_H_
#define CNIVPC_APPLETS_CTL_HELP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace applets::ctl {

// The help text for a command or a group of commands ("get pool", "get"), or
// for all of them (""). Written from the command table; `subject` is in it.
std::string HelpText(absl::string_view subject);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_HELP_H_
