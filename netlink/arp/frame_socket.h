#ifndef CNIVPC_NETLINK_ARP_FRAME_SOCKET_H_
#define CNIVPC_NETLINK_ARP_FRAME_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/address.h"
#include "base/fd.h"
#include "netlink/arp/packet.h"

namespace netlink::arp {

// Hears and sends ARP on one interface (packet(7)), through frame_filter.h and
// less what this host sends itself. It has no address and leaves the interface
// as it is. Belongs to the network namespace of the thread that opened it.
// Never blocks. One thread.
//
// A socket is for one interface with one MAC: when either changes, open
// another. (Closing one, like binding it anew, waits some milliseconds for the
// kernel.)
class FrameSocket {
 public:
  // Some ten thousand frames: a second of heavy broadcast. Beyond
  // net.core.rmem_max it needs CAP_NET_ADMIN.
  static constexpr int kReceiveBufferBytes = 8 << 20;
  // Receive takes no more than so many frames in one call.
  static constexpr size_t kMaxFramesPerReceive = 1024;
  // How often one Send is begun anew after a signal (EINTR).
  static constexpr int kMaxInterruptions = 100;

  // OK if this process may open packet sockets; EPERM without CAP_NET_RAW.
  static absl::Status CheckAllowed();
  // `mac` is the interface's own. ENODEV: there is no such interface. One that
  // is down is heard once it is up.
  static absl::StatusOr<FrameSocket> Open(
      uint32_t ifindex, const base::Mac& mac,
      int receive_buffer_bytes = kReceiveBufferBytes);

  // What came in.
  struct Heard {
    std::vector<Packet> packets;
    // Nothing more was waiting. False also when a signal came (EINTR): that
    // says nothing about what is on the wire, so ask again.
    bool drained = false;
    // OK, or ENETDOWN: the interface was down, or went away, at some time since
    // the last call.
    absl::Status status = absl::OkStatus();
  };
  Heard Receive();
  // How many frames the kernel dropped since the last call because the receive
  // buffer was full.
  absl::StatusOr<uint32_t> TakeLost();
  // False once the interface is gone: nothing will ever be heard again, not
  // even from a new one with the same number.
  bool attached() const;

  // Sends frames, many in one system call; how many were sent. If not all:
  // `status` of the first that wasn't. ENETDOWN, ENXIO: the interface is down
  // or gone; ENOBUFS, EAGAIN: a queue is full.
  struct Sent {
    size_t frames = 0;
    absl::Status status = absl::OkStatus();
  };
  Sent Send(absl::Span<const Frame> frames);

  // Borrowed; readable when there is something to receive.
  int fd() const { return fd_.get(); }

 private:
  FrameSocket(base::Fd fd, uint32_t ifindex)
      : fd_(std::move(fd)), ifindex_(ifindex) {}

  base::Fd fd_;
  uint32_t ifindex_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_FRAME_SOCKET_H_
