#ifndef CNIVPC_NETLINK_NODE_LAB_H_
#define CNIVPC_NETLINK_NODE_LAB_H_

#include <cstdint>
#include <string>

#include "base/address.h"
#include "base/fd.h"
#include "netlink/fresh_netns.h"
#include "netlink/node.h"
#include "netlink/pod_network.h"
#include "netlink/socket.h"

namespace netlink {

// For tests: a node in a fresh network namespace, which the thread is in while
// this lives, with a main interface on a wire to one other host.
//
//   wire: eth0 10.0.0.2/24 ─── node: eth0 10.0.0.1/24, default route via .254
class NodeLab {
 public:
  static constexpr base::Ipv4 kNodeAddress{0x0a000001};
  static constexpr base::Ipv4 kWireAddress{0x0a000002};

  NodeLab();

  Socket& host() { return host_; }
  int node_fd() const { return node_.fd(); }
  int wire_fd() const { return wire_.get(); }
  const Node& node() const { return main_; }

  // What SetUp is to make for container `id`, pod default.`pod`, with address
  // 10.0.0.`last`.
  PodNetwork Plan(const std::string& id, const std::string& pod,
                  uint8_t last) const;

 private:
  FreshNetns node_;
  base::Fd wire_;
  Socket host_;
  Node main_;
};

}  // namespace netlink

#endif  // CNIVPC_NETLINK_NODE_LAB_H_
