#ifndef CNIVPC_NETLINK_DATAGRAM_LAB_H_
#define CNIVPC_NETLINK_DATAGRAM_LAB_H_

#include <netinet/in.h>

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/fd.h"

// For tests against the real kernel: whether datagrams get from one network
// namespace to another. Namespaces are borrowed.
namespace netlink {

inline constexpr uint16_t kLabPort = 7;
// How often one is sent; each is waited for 200 ms. The kernel throws away what
// a new link sends before a worker has seen its carrier.
inline constexpr int kAttempts = 20;
// For what must not arrive.
inline constexpr int kFewAttempts = 3;

sockaddr_in At(base::Ipv4 address, uint16_t port);
// A socket there; with `local` it has that address and kLabPort. Dies if that
// can't be.
base::Fd Udp(int netns_fd, std::optional<base::Ipv4> local);
bool Send(const base::Fd& from, const sockaddr_in& to);
// Who sent what came in; nullopt if nothing did in time.
std::optional<sockaddr_in> Hear(const base::Fd& ear);

// The address that a datagram to `to` came from, once its answer came back.
std::optional<base::Ipv4> Reaches(int from_netns, int to_netns, base::Ipv4 to,
                                  int attempts = kAttempts);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_DATAGRAM_LAB_H_
