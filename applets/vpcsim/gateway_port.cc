#include "applets/vpcsim/gateway_port.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/link.h"

namespace applets::vpcsim {
namespace {

constexpr char kTunDevice[] = "/dev/net/tun";

// The kernel may leave these undone. Linux 6.2 added the last.
constexpr unsigned kOffloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN;
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
constexpr unsigned kUdpOffloads = TUN_F_USO4 | TUN_F_USO6;

absl::Status MakeTap(const base::Fd& fd, const std::string& name) {
  ifreq request = {};
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (name.size() > netlink::kMaxIfnameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("interface name too long: ", name));
  }
  std::copy(name.begin(), name.end(), request.ifr_name);
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    return base::ErrnoStatus(absl::StrCat("make TAP device ", name));
  }
  if (ioctl(fd.get(), TUNSETOFFLOAD, kOffloads | kUdpOffloads) != 0 &&
      ioctl(fd.get(), TUNSETOFFLOAD, kOffloads) != 0) {
    return base::ErrnoStatus(absl::StrCat("set offloads of ", name));
  }
  return absl::OkStatus();
}

class GatewayPort final : public Port {
 public:
  GatewayPort(base::Fd fd, uint32_t ifindex)
      : fd_(std::move(fd)), ifindex_(ifindex) {}

  int fd() const override { return fd_.get(); }
  uint32_t ifindex() const override { return ifindex_; }

  absl::Span<RawFrame> Receive(FrameBatch& batch) override {
    size_t count = 0;
    while (count < FrameBatch::kFrames && ReceiveOne(count, batch)) ++count;
    return batch.first(count);
  }

  absl::Status Send(const RawFrame& frame) override {
    Offload offload = frame.offload;
    const std::array<iovec, 2> parts = {
        iovec{&offload, sizeof(offload)},
        iovec{frame.bytes.data(), frame.bytes.size()}};
    if (writev(fd_.get(), parts.data(), parts.size()) < 0) {
      return base::ErrnoStatus("send to the gateway");
    }
    return absl::OkStatus();
  }

  // The device's own queue drops them: /sys/class/net/NAME/statistics.
  uint64_t TakeOverrun() override { return 0; }

 private:
  bool ReceiveOne(size_t index, FrameBatch& batch) {
    RawFrame& frame = batch.frame(index);
    const std::array<iovec, 2> parts = {
        iovec{&frame.offload, sizeof(frame.offload)},
        iovec{batch.room(index), FrameBatch::kFrameBytes}};
    const ssize_t size = readv(fd_.get(), parts.data(), parts.size());
    if (size < static_cast<ssize_t>(sizeof(frame.offload))) return false;
    frame.bytes =
        absl::MakeSpan(batch.room(index), size - sizeof(frame.offload));
    frame.tagged = false;
    return true;
  }

  base::Fd fd_;
  uint32_t ifindex_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Port>> OpenGatewayPort(netlink::Socket& socket,
                                                      const std::string& name,
                                                      const base::Mac& mac) {
  base::Fd fd(open(kTunDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return base::ErrnoStatus(absl::StrCat("open ", kTunDevice));
  RETURN_IF_ERROR(MakeTap(fd, name));
  ASSIGN_OR_RETURN(const uint32_t ifindex, netlink::GetIfindex(socket, name));
  RETURN_IF_ERROR(socket.Transact(
      netlink::ChangeLink({.ifindex = ifindex,
                           .state = netlink::LinkChange::State::kUp,
                           .mac = mac})));
  return std::make_unique<GatewayPort>(std::move(fd), ifindex);
}

}  // namespace applets::vpcsim
