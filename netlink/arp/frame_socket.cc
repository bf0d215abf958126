#include "netlink/arp/frame_socket.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/status.h"
#include "netlink/arp/frame_filter.h"

namespace netlink::arp {
namespace {

// Frames of one system call.
constexpr size_t kFramesPerCall = 64;

// A socket of this protocol isn't given what this host sends, as one of all
// protocols is.
sockaddr_ll ArpOn(uint32_t ifindex) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ARP);
  address.sll_ifindex = static_cast<int>(ifindex);
  return address;
}

// Of no protocol: it hears nothing before it is bound.
absl::StatusOr<base::Fd> OpenDeaf() {
  base::Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("packet socket");
  return fd;
}

absl::Status AttachFilter(int fd, const base::Mac& own) {
  std::vector<sock_filter> program = FrameFilter(own);
  const sock_fprog filter = {.len = static_cast<uint16_t>(program.size()),
                             .filter = program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ==
      0) {
    return absl::OkStatus();
  }
  return base::ErrnoStatus("attach a filter to a packet socket");
}

// Without privilege what rmem_max allows must do: frames are lost sooner, and
// we are told.
absl::Status SetReceiveBuffer(int fd, int bytes) {
  for (const int option : {SO_RCVBUFFORCE, SO_RCVBUF}) {
    if (setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0) {
      return absl::OkStatus();
    }
  }
  return base::ErrnoStatus("set the buffer of a packet socket");
}

absl::Status Bind(int fd, uint32_t ifindex) {
  const sockaddr_ll address = ArpOn(ifindex);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
      0) {
    return absl::OkStatus();
  }
  return base::ErrnoStatus("bind a packet socket to an interface");
}

// Room for many frames to receive or send in one call.
class FrameBatch {
 public:
  FrameBatch() {
    for (size_t i = 0; i < kFramesPerCall; ++i) {
      parts_[i] = {.iov_base = frames_[i].data(), .iov_len = kFrameBytes};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  // -1 with errno, else how many frames came in.
  int Receive(int fd) {
    return recvmmsg(fd, messages_.data(), kFramesPerCall, MSG_DONTWAIT,
                    nullptr);
  }
  // Frame `i` of what came in.
  absl::Span<const uint8_t> frame(size_t i) const {
    return absl::MakeConstSpan(frames_[i]).first(messages_[i].msg_len);
  }
  // -1 with errno, else how many frames were sent; no more than kFramesPerCall.
  int Send(int fd, absl::Span<const Frame> frames, sockaddr_ll to) {
    const size_t count = std::min(frames.size(), kFramesPerCall);
    for (size_t i = 0; i < count; ++i) {
      frames_[i] = frames[i];
      messages_[i].msg_hdr.msg_name = &to;
      messages_[i].msg_hdr.msg_namelen = sizeof(to);
    }
    return sendmmsg(fd, messages_.data(), static_cast<unsigned>(count),
                    MSG_DONTWAIT);
  }

 private:
  std::array<Frame, kFramesPerCall> frames_;
  std::array<iovec, kFramesPerCall> parts_;
  std::array<mmsghdr, kFramesPerCall> messages_;
};

}  // namespace

absl::Status FrameSocket::CheckAllowed() { return OpenDeaf().status(); }

absl::StatusOr<FrameSocket> FrameSocket::Open(uint32_t ifindex,
                                              const base::Mac& mac,
                                              int receive_buffer_bytes) {
  ASSIGN_OR_RETURN(base::Fd fd, OpenDeaf());
  RETURN_IF_ERROR(SetReceiveBuffer(fd.get(), receive_buffer_bytes));
  RETURN_IF_ERROR(AttachFilter(fd.get(), mac));
  RETURN_IF_ERROR(Bind(fd.get(), ifindex));
  return FrameSocket(std::move(fd), ifindex);
}

FrameSocket::Heard FrameSocket::Receive() {
  Heard heard;
  FrameBatch batch;
  while (heard.packets.size() < kMaxFramesPerReceive) {
    const int count = batch.Receive(fd_.get());
    if (count < 0) {
      heard.drained = errno == EAGAIN;
      if (errno != EAGAIN && errno != EINTR) {
        heard.status = base::ErrnoStatus("receive ARP");
      }
      return heard;
    }
    for (int i = 0; i < count; ++i) {
      const auto packet = Decode(batch.frame(static_cast<size_t>(i)));
      if (packet) heard.packets.push_back(*packet);
    }
  }
  return heard;
}

absl::StatusOr<uint32_t> FrameSocket::TakeLost() {
  tpacket_stats statistics = {};
  socklen_t size = sizeof(statistics);
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics,
                 &size) == 0) {
    return statistics.tp_drops;
  }
  return base::ErrnoStatus("statistics of a packet socket");
}

bool FrameSocket::attached() const {
  sockaddr_ll bound = {};
  socklen_t size = sizeof(bound);
  return getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size) ==
             0 &&
         bound.sll_ifindex == static_cast<int>(ifindex_);
}

FrameSocket::Sent FrameSocket::Send(absl::Span<const Frame> frames) {
  Sent sent;
  FrameBatch batch;
  int interruptions = 0;
  while (sent.frames < frames.size()) {
    const int count =
        batch.Send(fd_.get(), frames.subspan(sent.frames), ArpOn(ifindex_));
    if (count >= 0) {
      sent.frames += static_cast<size_t>(count);
    } else if (errno != EINTR || ++interruptions > kMaxInterruptions) {
      sent.status = base::ErrnoStatus("send ARP");
      return sent;
    }
  }
  return sent;
}

}  // namespace netlink::arp
