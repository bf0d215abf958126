#include "netlink/datagram_lab.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdlib>

#include "netlink/netns.h"
#include "netlink/require.h"

namespace netlink {
namespace {

constexpr timeval kPatience = {0, 200000};

}  // namespace

sockaddr_in At(base::Ipv4 address, uint16_t port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = address.network_order();
  return at;
}

base::Fd Udp(int netns_fd, std::optional<base::Ipv4> local) {
  const auto scope = NetnsScope::Enter(netns_fd);
  Require(scope.status());
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  if (!local) return fd;
  const sockaddr_in at = At(*local, kLabPort);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) {
    std::abort();
  }
  return fd;
}

bool Send(const base::Fd& from, const sockaddr_in& to) {
  const char byte = 'x';
  return sendto(from.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&to),
                sizeof(to)) == 1;
}

std::optional<sockaddr_in> Hear(const base::Fd& ear) {
  char byte;
  sockaddr_in from = {};
  socklen_t size = sizeof(from);
  if (recvfrom(ear.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from),
               &size) != 1) {
    return std::nullopt;
  }
  return from;
}

std::optional<base::Ipv4> Reaches(int from_netns, int to_netns, base::Ipv4 to,
                                  int attempts) {
  const base::Fd server = Udp(to_netns, to);
  const base::Fd client = Udp(from_netns, std::nullopt);
  const sockaddr_in at = At(to, kLabPort);
  for (int i = 0; i < attempts; ++i) {
    if (!Send(client, at)) continue;
    const auto from = Hear(server);
    if (from && Send(server, *from) && Hear(client)) {
      return base::Ipv4(ntohl(from->sin_addr.s_addr));
    }
  }
  return std::nullopt;
}

}  // namespace netlink
