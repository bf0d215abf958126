#ifndef CNIVPC_BASE_ATTACHMENT_H_
#define CNIVPC_BASE_ATTACHMENT_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace base {

// A pod's interface in a network: what a lease is held by. CNI SPEC §2 names an
// attachment by CNI_CONTAINERID and CNI_IFNAME; the network's name keeps two
// networks of one container apart.
struct Attachment {
  std::string network;
  std::string container_id;
  std::string ifname;

  // For logs and errors: "network/container/ifname".
  std::string ToString() const {
    return absl::StrCat(network, "/", container_id, "/", ifname);
  }
  friend auto operator<=>(const Attachment&, const Attachment&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Attachment& a) {
    return H::combine(std::move(h), a.network, a.container_id, a.ifname);
  }
};

// Who the pod is, as the runtime told (CNI_ARGS); any of them may be empty.
struct Pod {
  std::string ns;
  std::string name;
  std::string uid;

  friend bool operator==(const Pod&, const Pod&) = default;
};

}  // namespace base

#endif  // CNIVPC_BASE_ATTACHMENT_H_
