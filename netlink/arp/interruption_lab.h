#ifndef CNIVPC_NETLINK_ARP_INTERRUPTION_LAB_H_
#define CNIVPC_NETLINK_ARP_INTERRUPTION_LAB_H_

#include "absl/functional/function_ref.h"

namespace netlink::arp {

// For tests. Runs `body` in a thread of its own whose first `times` calls of
// `system_call` (SYS_recvmmsg and so on) the kernel answers with
// `error_number`, as it would answer EINTR when a signal came; later ones are
// carried out. How many were answered so (seccomp_unotify(2)). Dies if it
// can't.
int RunWithFailures(long system_call, int error_number, int times,
                    absl::FunctionRef<void()> body);

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_INTERRUPTION_LAB_H_
