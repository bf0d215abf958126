#include "applets/upgrade/first_packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/netns.h"

namespace applets::upgrade {
namespace {

absl::StatusOr<base::Fd> MakeSocket() {
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  return fd;
}

absl::StatusOr<base::Fd> MakeSocketIn(int netns_fd) {
  if (netns_fd < 0) return MakeSocket();
  ASSIGN_OR_RETURN(const netlink::NetnsScope scope,
                   netlink::NetnsScope::Enter(netns_fd));
  return MakeSocket();
}

// The pod's end, and the port that it has got.
struct Listener {
  base::Fd fd;
  in_port_t port = 0;  // in network byte order
};

absl::StatusOr<Listener> Listen(int pod_netns_fd) {
  Listener listener;
  ASSIGN_OR_RETURN(listener.fd, MakeSocketIn(pod_netns_fd));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.fd.get(), generic, size) != 0 ||
      getsockname(listener.fd.get(), generic, &size) != 0) {
    return base::ErrnoStatus("bind in the pod");
  }
  listener.port = address.sin_port;
  return listener;
}

absl::StatusOr<base::Fd> ConnectTo(int node_netns_fd, base::Ipv4 pod,
                                   in_port_t port) {
  ASSIGN_OR_RETURN(base::Fd fd, MakeSocketIn(node_netns_fd));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = pod.network_order();
  address.sin_port = port;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    return base::ErrnoStatus(absl::StrCat("route to ", pod.ToString()));
  }
  return fd;
}

bool WaitFor(int fd, absl::Time deadline) {
  while (true) {
    const absl::Duration left =
        absl::Ceil(deadline - absl::Now(), absl::Milliseconds(1));
    if (left <= absl::ZeroDuration()) return false;
    pollfd readable = {fd, POLLIN, 0};
    const int ready =
        poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// Who sent the datagram that waits; it may be somebody else's, or an error.
absl::StatusOr<sockaddr_in> TakeFrom(int fd) {
  std::array<char, 16> buffer;
  sockaddr_in from = {};
  socklen_t size = sizeof(from);
  if (recvfrom(fd, buffer.data(), buffer.size(), 0,
               reinterpret_cast<sockaddr*>(&from), &size) < 0) {
    return base::ErrnoStatus("recvfrom");
  }
  return from;
}

absl::Status ExchangeOnce(int node, int pod) {
  const absl::Time deadline = absl::Now() + kPacketLimit;
  constexpr char kHello = '?';
  if (send(node, &kHello, 1, 0) < 0) {
    return base::ErrnoStatus("send to the pod");
  }
  if (!WaitFor(pod, deadline)) {
    return absl::UnavailableError("a packet from the node to the pod was lost");
  }
  ASSIGN_OR_RETURN(const sockaddr_in from, TakeFrom(pod));
  if (sendto(pod, &kHello, 1, 0, reinterpret_cast<const sockaddr*>(&from),
             sizeof(from)) < 0) {
    return base::ErrnoStatus("send to the node");
  }
  if (!WaitFor(node, deadline)) {
    return absl::UnavailableError("the pod's answer to the node was lost");
  }
  return TakeFrom(node).status();
}

}  // namespace

absl::Status ExchangePacket(int node_netns_fd, int pod_netns_fd,
                            base::Ipv4 pod) {
  ASSIGN_OR_RETURN(const Listener listener, Listen(pod_netns_fd));
  ASSIGN_OR_RETURN(const base::Fd node,
                   ConnectTo(node_netns_fd, pod, listener.port));
  absl::Status status;
  for (int attempt = 0; attempt < kPacketAttempts; ++attempt) {
    status = ExchangeOnce(node.get(), listener.fd.get());
    if (status.ok()) break;
  }
  return status;
}

}  // namespace applets::upgrade
