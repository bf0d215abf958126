#ifndef CNIVPC_NETLINK_TWO_NETS_LAB_H_
#define CNIVPC_NETLINK_TWO_NETS_LAB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "base/address.h"
#include "base/fd.h"
#include "netlink/datagram_lab.h"
#include "netlink/fresh_netns.h"
#include "netlink/further_interface.h"
#include "netlink/node.h"
#include "netlink/pod_network.h"
#include "netlink/socket.h"

// For tests against the real kernel; needs root. Nodes with an interface in
// each of two subnets, in a network that treats them as a cloud's does.
namespace netlink {

inline constexpr base::Ipv4 kMainGateway{0x0a0000fe};     // 10.0.0.254
inline constexpr base::Ipv4 kFurtherGateway{0x0a0100fe};  // 10.1.0.254
inline base::Ipv4 InMain(uint8_t last) { return base::Ipv4(0x0a000000 | last); }
inline base::Ipv4 InFurther(uint8_t last) {
  return base::Ipv4(0x0a010000 | last);
}
inline base::Ipv4Prefix SubnetOf(base::Ipv4 address) {
  return base::Ipv4Prefix::Containing(address, 24);
}

void Give(Socket& socket, const std::string& ifname, base::Ipv4 address,
          int prefix_length);

// The cloud's network: a router between all interfaces, which knows what
// address is behind which, answers ARP for the others, and drops what comes
// from an address that isn't its interface's (strict rp_filter).
class Vpc {
 public:
  Vpc();

  // A wire to `ifname` of a namespace; `port` is the end here.
  void Plug(int node_fd, const std::string& ifname, const std::string& port,
            const base::Mac& mac);
  void Own(const std::string& port, base::Ipv4 address);

 private:
  base::Fd netns_ = MakeNetns();
  Socket socket_;
};

// A pod's namespace and network.
struct LabPod {
  base::Fd netns = MakeNetns();
  PodNetwork network = {};
};

// A node with eth0 in 10.0.0.0/24, where it is host `last`, and eth1, when it
// is plugged, in 10.1.0.0/24. Whatever rp_filter its distribution sets.
class NodeWithTwo {
 public:
  NodeWithTwo(Vpc& vpc, const std::string& name, uint8_t last, int rp_filter);

  void PlugFurther();
  absl::StatusOr<Node> Prepare();
  FurtherInterface Wanted() const;
  // A pod on the interface that the address is of.
  std::unique_ptr<LabPod> Start(const std::string& id, base::Ipv4 address);

  int netns_fd() const { return netns_.get(); }
  Socket& host() { return host_; }
  const Node& main() const { return main_; }
  const Node& further() const { return further_; }
  // A sysctl.
  std::string Get(const std::string& name) const;

 private:
  base::Mac MacOf(uint8_t number) const;

  Vpc& vpc_;
  const std::string name_;
  const uint8_t last_;
  base::Fd netns_ = MakeNetns();
  Socket host_;
  Node main_;
  Node further_;
  absl::BitGen random_;
};

// The address that answers what is sent to a node's port and reaches the pod.
std::optional<base::Ipv4> AnswerFrom(int from_netns, base::Ipv4 node,
                                     uint16_t port, const LabPod& pod,
                                     int attempts = kAttempts);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_TWO_NETS_LAB_H_
