#include "applets/vpcsim/link_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/request.h"

namespace applets::vpcsim {
namespace {

// A frame of 64 KiB takes half as much again. A burst of one TCP window waits
// here while others have their turn.
constexpr int kReceiveBufferBytes = 16 << 20;
constexpr int kSendBufferBytes = 4 << 20;

absl::Status SetOption(const base::Fd& fd, int level, int option, int value) {
  if (setsockopt(fd.get(), level, option, &value, sizeof(value)) == 0) {
    return absl::OkStatus();
  }
  return base::ErrnoStatus(absl::StrCat("packet socket option ", option));
}

absl::Status SetOptions(const base::Fd& fd) {
  RETURN_IF_ERROR(SetOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1));
  RETURN_IF_ERROR(SetOption(fd, SOL_PACKET, PACKET_VNET_HDR, 1));
  RETURN_IF_ERROR(SetOption(fd, SOL_PACKET, PACKET_AUXDATA, 1));
  RETURN_IF_ERROR(
      SetOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBufferBytes));
  return SetOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBufferBytes);
}

absl::Status BindTo(const base::Fd& fd, uint32_t ifindex) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(ifindex);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return base::ErrnoStatus(absl::StrCat("packet socket on link ", ifindex));
  }
  return absl::OkStatus();
}

// The kernel answers for every address of its namespace on any link, with the
// link's own MAC, before the switch can. Only this flag is touched: whoever
// owns the link may be setting it up at this moment.
netlink::Request SilenceArp(uint32_t ifindex) {
  ifinfomsg header = {};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(ifindex);
  header.ifi_flags = header.ifi_change = IFF_NOARP;
  return netlink::Request(RTM_SETLINK, 0).PutHeader(header);
}

bool HadTag(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux;
    std::memcpy(&aux, CMSG_DATA(c), sizeof(aux));
    return aux.tp_status & TP_STATUS_VLAN_VALID;
  }
  return false;
}

// What recvmmsg(2) is told and tells of a batch of frames.
class Scatter {
 public:
  explicit Scatter(FrameBatch& batch) {
    for (size_t i = 0; i < FrameBatch::kFrames; ++i) {
      parts_[i][0] = {&batch.frame(i).offload, sizeof(Offload)};
      parts_[i][1] = {batch.room(i), FrameBatch::kFrameBytes};
      msghdr& message = messages_[i].msg_hdr;
      message = {};
      message.msg_iov = parts_[i].data();
      message.msg_iovlen = parts_[i].size();
      message.msg_control = controls_[i].bytes;
      message.msg_controllen = sizeof(controls_[i].bytes);
    }
  }

  // How many came.
  size_t Receive(int fd) {
    const int count = recvmmsg(fd, messages_.data(), FrameBatch::kFrames,
                               MSG_DONTWAIT, nullptr);
    return count < 0 ? 0 : static_cast<size_t>(count);
  }

  // The kernel receives no frame without its offload header.
  void Tell(size_t index, FrameBatch& batch) {
    RawFrame& frame = batch.frame(index);
    const size_t bytes = messages_[index].msg_len - sizeof(Offload);
    frame.bytes = absl::MakeSpan(batch.room(index), bytes);
    frame.tagged = HadTag(messages_[index].msg_hdr);
  }

 private:
  union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };

  std::array<mmsghdr, FrameBatch::kFrames> messages_;
  std::array<std::array<iovec, 2>, FrameBatch::kFrames> parts_;
  std::array<Control, FrameBatch::kFrames> controls_;
};

class LinkPort final : public Port {
 public:
  LinkPort(base::Fd fd, uint32_t ifindex)
      : fd_(std::move(fd)), ifindex_(ifindex) {}

  int fd() const override { return fd_.get(); }
  uint32_t ifindex() const override { return ifindex_; }

  absl::Span<RawFrame> Receive(FrameBatch& batch) override {
    Scatter scatter(batch);
    const size_t count = scatter.Receive(fd_.get());
    for (size_t i = 0; i < count; ++i) scatter.Tell(i, batch);
    return batch.first(count);
  }

  absl::Status Send(const RawFrame& frame) override {
    Offload offload = frame.offload;
    std::array<iovec, 2> parts = {
        iovec{&offload, sizeof(offload)},
        iovec{frame.bytes.data(), frame.bytes.size()}};
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    if (sendmsg(fd_.get(), &message, MSG_DONTWAIT) < 0) {
      return base::ErrnoStatus("send on a link");
    }
    return absl::OkStatus();
  }

  // Reading it sets it back (packet(7)).
  uint64_t TakeOverrun() override {
    tpacket_stats stats = {};
    socklen_t bytes = sizeof(stats);
    if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &bytes) !=
        0) {
      return 0;
    }
    return stats.tp_drops;
  }

 private:
  base::Fd fd_;
  uint32_t ifindex_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Port>> OpenLinkPort(netlink::Socket& socket,
                                                   uint32_t ifindex) {
  // No protocol yet: it would receive from all links until it is bound.
  base::Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("packet socket");
  RETURN_IF_ERROR(SetOptions(fd));
  RETURN_IF_ERROR(socket.Transact(SilenceArp(ifindex)));
  RETURN_IF_ERROR(BindTo(fd, ifindex));
  return std::make_unique<LinkPort>(std::move(fd), ifindex);
}

}  // namespace applets::vpcsim
