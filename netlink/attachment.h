#ifndef CNIVPC_NETLINK_ATTACHMENT_H_
#define CNIVPC_NETLINK_ATTACHMENT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/address.h"

namespace netlink {

// How an attachment (container, ifname) is found again among the node's links.

// How every host end's name begins.
inline constexpr char kHostIfnamePrefix[] = "ucni";
// The host end's name: "ucni" and the first 11 hex digits of SHA-1 of
// "NAMESPACE.POD". UK8S's users know it, and Calico finds a pod's policy by it.
std::string HostIfname(absl::string_view pod_namespace,
                       absl::string_view pod_name);
// The same of "CONTAINERID.IFNAME", for a container that is no pod.
std::string HostIfnameWithoutPod(absl::string_view container_id,
                                 absl::string_view ifname);

// Whether `name` could be either's result.
bool IsHostIfname(absl::string_view name);

// The host end's alias: "cnivpc:CONTAINERID/IFNAME". A container id for which
// that would be longer than an alias may be (255 bytes) is replaced by "#" and
// the 40 hex digits of its SHA-1.
std::string AttachmentAlias(absl::string_view container_id,
                            absl::string_view ifname);

// The MACs of the pair's ends: locally administered, from SHA-1 of the alias.
// So an attachment always has the same ones, and a CHECK can tell whether a
// later plugin has set another.
base::Mac PodMac(absl::string_view alias);
base::Mac HostMac(absl::string_view alias);

struct AliasedAttachment {
  std::string container_id = {};  // or "#" and a hash, see above
  std::string ifname = {};

  friend bool operator==(const AliasedAttachment&,
                         const AliasedAttachment&) = default;
};
// Empty when the alias is none of ours.
std::optional<AliasedAttachment> ParseAttachmentAlias(absl::string_view alias);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_ATTACHMENT_H_
