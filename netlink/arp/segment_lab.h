#ifndef CNIVPC_NETLINK_ARP_SEGMENT_LAB_H_
#define CNIVPC_NETLINK_ARP_SEGMENT_LAB_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "base/address.h"
#include "base/fd.h"
#include "netlink/arp/frame_socket.h"
#include "netlink/arp/packet.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink::arp {

// For tests and benchmarks against the real kernel; needs root. Dies if it
// can't be.

// Another host's hand on the wire: sends any frame, and hears all ARP that its
// interface gets.
class Stranger {
 public:
  Stranger(int netns_fd, uint32_t ifindex);

  void Send(absl::Span<const uint8_t> frame);
  void Send(const Packet& packet) { Send(Encode(packet)); }
  // The next ARP packet, waited for; empty if none comes for 10 s.
  std::optional<Packet> Hear();
  // What has come in until now; doesn't wait.
  std::vector<Packet> HearAll();

  // Borrowed; readable when there is something to hear.
  int fd() const { return fd_.get(); }

 private:
  std::optional<Packet> Receive(int flags);

  base::Fd fd_;
};

// A link with a number of hosts on it, each in a network namespace of its own;
// the bridge between them is in one more.
//
//   host i: eth0, MAC 02:00:00:00:aa:i, 10.0.0.(i+1)/24 ─── port i ─ bridge
class SegmentLab {
 public:
  explicit SegmentLab(size_t hosts);

  static constexpr uint32_t kIfindex = 10;  // of every host's eth0
  static base::Mac MacOf(size_t host);
  static base::Ipv4 AddressOf(size_t host);

  // Borrowed.
  int netns_fd(size_t host) const { return hosts_[host].netns.get(); }
  Socket& socket(size_t host) { return hosts_[host].socket; }

  FrameSocket Open(size_t host,
                   int buffer_bytes = FrameSocket::kReceiveBufferBytes) const;
  Stranger StrangerAt(size_t host) const { return {netns_fd(host), kIfindex}; }

  void Do(size_t host, const Request& request);
  // Sets a host's interface down, or up and waits until frames pass.
  void SetDown(size_t host);
  void SetUp(size_t host);
  // Pulls a host's cable out, or in again; its interface stays up.
  void PullOut(size_t host);
  void PlugIn(size_t host);
  // Takes the host's interface away and makes a new one of the same number and
  // MAC, which is up when this returns.
  void Replace(size_t host);
  // Gives the host's interface a queue of so many packets, which are sent at
  // once: one of none takes nothing.
  void SetQueue(size_t host, uint32_t packets);
  // The bridge sends every frame back to where it came from, too.
  void Reflect(size_t host);

 private:
  struct Host {
    base::Fd netns;
    Socket socket;
  };

  void LayCable(size_t host);

  base::Fd switch_netns_;
  Socket switch_;
  std::vector<Host> hosts_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_SEGMENT_LAB_H_
