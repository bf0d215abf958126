#ifndef CNIVPC_APPLETS_VPCSIM_LAB_HOST_H_
#define CNIVPC_APPLETS_VPCSIM_LAB_HOST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "applets/vpcsim/directory.h"
#include "base/address.h"
#include "base/fd.h"
#include "netlink/link.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// For tests and benchmarks of the fabric, against the real kernel; needs root.
// Dies if it can't.

// A host in a network namespace of its own. Its eth0 has an address 10.0.0.N/24
// and is the other end of a link, `port`, of the namespace that the thread was
// in; behind 10.0.0.254 is its default route.
class LabHost {
 public:
  static constexpr base::Ipv4 kGateway{0x0a0000fe};

  // `fabric` is a socket of the thread's namespace.
  LabHost(std::string port, uint8_t last, netlink::Socket& fabric);

  // Lays the wire, which must have been deleted.
  void Connect(netlink::Socket& fabric);
  // Sets this end of the wire up and waits until both can pass frames.
  void SetUp(netlink::Socket& fabric);
  void SetDown(netlink::Socket& fabric);
  // Another address on eth0.
  void Add(base::Ipv4 address);

  const std::string& port() const { return port_; }
  base::Ipv4 address() const { return address_; }
  const base::Mac& mac() const { return mac_; }
  // Of eth0.
  uint32_t ifindex() const { return ifindex_; }
  int netns_fd() const { return netns_.get(); }
  // In VPC "vpc".
  Nic nic() const { return {mac_, "vpc", port_}; }

  // Bound to an address, the host's or a stranger's.
  base::Fd Udp(base::Ipv4 address) const;
  base::Fd Tcp(base::Ipv4 address) const;
  // Sends and receives whole frames.
  base::Fd Raw(uint16_t ether_type) const;

 private:
  void Change(netlink::Socket& fabric, netlink::LinkChange::State state);

  std::string port_;
  base::Ipv4 address_;
  base::Mac mac_;
  base::Fd netns_;
  uint32_t ifindex_ = 0;
};

// All sockets use this port, and give up after ten seconds.
inline constexpr uint16_t kLabPort = 4711;

// A socket of a namespace, SOCK_DGRAM or SOCK_STREAM.
base::Fd BoundSocket(int netns_fd, int type, base::Ipv4 address);
void ConnectTo(const base::Fd& tcp, base::Ipv4 address);
void SendTo(const base::Fd& udp, base::Ipv4 address, const std::string& text);
// One datagram or frame; empty after ten seconds.
std::string Hear(const base::Fd& fd);

// Bytes of a pattern, and how many of them came until the end: 0 when one was
// wrong.
void SendPattern(const base::Fd& tcp, size_t bytes);
size_t ReceivePattern(const base::Fd& tcp);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_LAB_HOST_H_
