#include "applets/ledger/alias.h"

#include "absl/strings/str_cat.h"
#include "netlink/attachment.h"

namespace applets::ledger {

using base::Attachment;

std::string AliasOf(const Attachment& a) {
  return netlink::AttachmentAlias(absl::StrCat(a.network, ":", a.container_id),
                                  a.ifname);
}

std::optional<Attachment> AttachmentOfAlias(absl::string_view alias) {
  const auto parsed = netlink::ParseAttachmentAlias(alias);
  if (!parsed) return std::nullopt;
  const size_t colon = parsed->container_id.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Attachment{parsed->container_id.substr(0, colon),
                    parsed->container_id.substr(colon + 1), parsed->ifname};
}

}  // namespace applets::ledger
