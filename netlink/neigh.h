#ifndef CNIVPC_NETLINK_NEIGH_H_
#define CNIVPC_NETLINK_NEIGH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink {

// An IPv4 neighbour (RTM_NEWNEIGH, linux/neighbour.h): either who has an
// address on a link, or, as a proxy, an address that this host answers ARP
// requests for though it hasn't got it.
struct Neighbor {
  uint32_t ifindex = 0;
  base::Ipv4 address = {};
  std::optional<base::Mac> mac =
      std::nullopt;    // none for a proxy or an unresolved one
  uint16_t state = 0;  // NUD_*
  bool proxy = false;  // NTF_PROXY

  bool permanent() const;  // NUD_PERMANENT
};

// InvalidArgument when `message` is not a well-formed RTM_NEWNEIGH or
// RTM_DELNEIGH of IPv4.
absl::StatusOr<Neighbor> ParseNeighbor(const Message& message);

// A permanent entry; takes the place of one that is there.
[[nodiscard]] Request SetPermanentNeighbor(uint32_t ifindex, base::Ipv4 address,
                                           const base::Mac& mac);
// ENOENT when there is none.
[[nodiscard]] Request RemoveNeighbor(uint32_t ifindex, base::Ipv4 address);

// Makes the host answer ARP requests for `address` on the link. One that is
// there already is no error. ENODEV when there is no link. The kernel answers
// only if the link forwards and its route to the address leads elsewhere, and
// not at once unless net.ipv4.neigh.IF.proxy_delay is 0 (node.h: PrepareNode).
[[nodiscard]] Request AddProxy(uint32_t ifindex, base::Ipv4 address);
// ENOENT when there is none.
[[nodiscard]] Request RemoveProxy(uint32_t ifindex, base::Ipv4 address);

// NotFound (ENOENT) when there is none.
absl::StatusOr<Neighbor> GetNeighbor(Socket& socket, uint32_t ifindex,
                                     base::Ipv4 address);
absl::StatusOr<Neighbor> GetProxy(Socket& socket, uint32_t ifindex,
                                  base::Ipv4 address);

// Of one interface, or with ifindex 0 of all.
absl::StatusOr<std::vector<Neighbor>> ListNeighbors(Socket& socket,
                                                    uint32_t ifindex);
absl::StatusOr<std::vector<Neighbor>> ListProxies(Socket& socket,
                                                  uint32_t ifindex);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_NEIGH_H_
