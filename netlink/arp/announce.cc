#include "netlink/arp/announce.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/arp/packet.h"

namespace netlink::arp {
namespace {

constexpr uint16_t kEtherTypeArpNetworkOrder = __builtin_bswap16(0x0806);

}  // namespace

absl::StatusOr<Announcer> Announcer::Open(uint32_t ifindex,
                                          const base::Mac& mac) {
  // Protocol 0: no packet is copied to us, and no RCU grace period is spent on
  // hooking into the receive path.
  base::Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("packet socket");
  return Announcer(std::move(fd), ifindex, mac);
}

absl::Status Announcer::Announce(base::Ipv4 address) {
  const Frame frame = Encode(Announcement(mac_, address));
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_protocol = kEtherTypeArpNetworkOrder;
  to.sll_ifindex = static_cast<int>(ifindex_);
  to.sll_halen = static_cast<uint8_t>(kBroadcast.bytes().size());
  std::copy(kBroadcast.bytes().begin(), kBroadcast.bytes().end(), to.sll_addr);
  const ssize_t sent =
      sendto(fd_.get(), frame.data(), frame.size(), 0,
             reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  if (sent >= 0) return absl::OkStatus();
  return base::ErrnoStatus(
      absl::StrCat("announce ", address.ToString(), " by ARP"));
}

}  // namespace netlink::arp
