#ifndef CNIVPC_APPLETS_LEDGER_ALIAS_H_
#define CNIVPC_APPLETS_LEDGER_ALIAS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/attachment.h"

namespace applets::ledger {

// The alias of the host's end, "cnivpc:NETWORK:CONTAINERID/IFNAME":
// netlink::AttachmentAlias, with the network's name before the container's id
// (neither can have a colon in it, CNI SPEC §1 and §2).
std::string AliasOf(const base::Attachment& attachment);
// Empty when the alias isn't ours.
std::optional<base::Attachment> AttachmentOfAlias(absl::string_view alias);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_ALIAS_H_
