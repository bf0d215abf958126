#ifndef CNIVPC_NETLINK_RETURN_MARK_H_
#define CNIVPC_NETLINK_RETURN_MARK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace netlink {

// Who answers by which interface. A connection from outside that came to the
// node's main interface and was sent on to a pod on a further one (hostPort,
// NodePort, a load balancer's address) must be answered by the main interface,
// for the answer bears the node's address. The route of the answer is looked up
// before it does, so it would leave by the pod's own interface and be dropped
// by the VPC. Hence this table of nf_tables(8), which marks such connections,
// and of them what pods send; rule 1024 (further_interface.h) does the rest:
//
//   table ip cnivpc {
//     chain prerouting { type filter hook prerouting priority mangle;
//       iifname MAIN ct direction original ct mark set ct mark or 0x80
//       iifname "ucni*" ct direction reply ct mark and 0x80 == 0x80
//           meta mark set meta mark or 0x80
//     }
//   }
//
inline constexpr uint32_t kReturnMark = 0x80;

// MarkConnections puts it in place of the one that is there, all at once.
// UNIMPLEMENTED when this kernel has no nf_tables that can do it. In the
// network namespace that the thread is in; needs CAP_NET_ADMIN.
absl::Status MarkConnections(absl::string_view main_ifname);
// Removes it; OK when there is none.
absl::Status ForgetConnections();

}  // namespace netlink

#endif  // CNIVPC_NETLINK_RETURN_MARK_H_
