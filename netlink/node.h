#ifndef CNIVPC_NETLINK_NODE_H_
#define CNIVPC_NETLINK_NODE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "netlink/socket.h"
#include "netlink/sysctl.h"

namespace netlink {

// The interface whose MAC the VPC sends the pods' packets to: the node's main
// one, or a further one (further_interface.h).
struct Node {
  std::string name = {};
  uint32_t ifindex = 0;
  base::Mac mac = {};
  uint32_t mtu_bytes = 0;
  // Its own. The main interface's is the gateway of all the node's pods, also
  // of those on further interfaces.
  base::Ipv4 address = {};
  int prefix_length = 0;
  // Of a further interface: the table by which its pods' packets leave the
  // node, and the subnet's gateway. 0 of the main one.
  uint32_t table = 0;
  base::Ipv4 gateway = {};
};

// The interface called `name`; if that is empty the one of the default route
// (lowest metric); without one the first that is up, Ethernet, no bridge nor
// host end, and has an IPv4 address. NotFound says which of these failed.
absl::StatusOr<Node> FindNode(Socket& socket, absl::string_view name = "");

// The interface with that MAC, which needs not be the default route's: of
// several, for a bond and its parts share one, the first that has an IPv4
// address.
absl::StatusOr<Node> FindNode(Socket& socket, const base::Mac& mac);

// Sets what a proxy neighbour needs to work on the main interface:
// net.ipv4.ip_forward=1, and net.ipv4.neigh.IF.proxy_delay=0, for the kernel
// otherwise keeps a broadcast request waiting for up to 0.8 s.
absl::Status PrepareNode(const Sysctl& sysctl, absl::string_view ifname);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_NODE_H_
