#ifndef CNIVPC_NETLINK_FURTHER_INTERFACE_H_
#define CNIVPC_NETLINK_FURTHER_INTERFACE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/link.h"
#include "netlink/node.h"
#include "netlink/return_mark.h"
#include "netlink/socket.h"
#include "netlink/sysctl.h"

namespace netlink {

// A node's network interface beside its main one, for pods in another subnet.
// Its pods look like all others from within; their gateway is the main
// interface's address. On the node:
//
//   ethN        OWN/LENGTH noprefixroute, up, no larger an MTU than the main
//   table 1000+N  SUBNET dev ethN scope link
//                 default via GATEWAY dev ethN onlink
//   rule 512    to POD lookup main           (pod_parts.h; so it is with all)
//   rule 1024   fwmark 0x80/0x80 lookup main (once a node)
//   rule 2048   from POD lookup 1000+N       (pod_parts.h)
//   rule 2048   from OWN lookup 1000+N
//
// Table main has no route to the subnet: what the node and the pods of its main
// interface send there leaves by the main interface, for the VPC drops what
// comes by ethN from an address that isn't ethN's.
//
// Rule 1024 is for connections that came to the main interface (hostPort,
// NodePort) and whose answers must leave by it, which return_mark.h marks.
inline constexpr uint32_t kReturnRulePriority = 1024;

// 1000+N for "ethN", else 1000 + the link's index.
uint32_t TableOf(const Link& link);

struct FurtherInterface {
  base::Mac mac = {};
  base::Ipv4 address = {};
  base::Ipv4Prefix subnet = {};
  base::Ipv4 gateway = {};
};

// Makes all of the above but for the pods' rules, and sets what the kernel
// needs: PrepareNode's; arp_ignore and arp_announce, so that no interface
// speaks for the other; and of the main interface rp_filter=2 where it is 1,
// as what comes by it may be answered by ethN. What is right is left alone, so
// it may be repeated, and puts right what has gone when ethN went down. `main`
// is the node's main interface. Where the kernel has no nf_tables, connections
// aren't marked, and the log says so. In the network namespace that the thread
// is in.
//
// NOT_FOUND: there is no link with that MAC; it comes a while after it was
// attached. Else the kernel's error, with what was being done.
absl::StatusOr<Node> PrepareFurther(Socket& host, const Sysctl& sysctl,
                                    const Node& main,
                                    const FurtherInterface& wanted);

// Before the interface is detached: removes table, own rule and address, and
// sets the link down, so that nobody configures it again. What is missing is no
// error. The rules of pods are to have gone before.
absl::Status AbandonFurther(Socket& host, const Node& further);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_FURTHER_INTERFACE_H_
