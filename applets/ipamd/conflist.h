#ifndef CNIVPC_APPLETS_IPAMD_CONFLIST_H_
#define CNIVPC_APPLETS_IPAMD_CONFLIST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace applets::ipamd {

// The runtime's network configuration, which makes the node Ready: it is
// written when a pod could get an address, and stays when ipamd stops.

// deploy/10-cnivpc.conflist.
absl::string_view ShippedConflist();

// What is to be written: the file's content, or what is shipped if `path` is
// "". INVALID_ARGUMENT: it isn't a list with our plugin first.
absl::StatusOr<std::string> LoadConflist(const std::string& path);

// Writes it in one step, unless it is there already; its folder is made if it
// is missing. Returns whether it had to be written.
absl::StatusOr<bool> InstallConflist(const std::string& path,
                                     absl::string_view text);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_CONFLIST_H_
