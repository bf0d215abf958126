#ifndef CNIVPC_NETLINK_ROUTE_H_
#define CNIVPC_NETLINK_ROUTE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink {

inline constexpr uint32_t kMainTable = 254;  // RT_TABLE_MAIN

// An IPv4 route (RTM_NEWROUTE, linux/rtnetlink.h). The defaults are those of
// `ip route add`: unicast, table main, protocol boot, scope universe.
struct Route {
  base::Ipv4Prefix destination = {};  // 0.0.0.0/0 is the default route
  uint32_t ifindex = 0;  // 0: none; the first next hop's of several
  std::optional<base::Ipv4> gateway = std::nullopt;
  std::optional<base::Ipv4> preferred_source = std::nullopt;
  uint32_t table = kMainTable;
  uint32_t metric = 0;
  uint8_t scope = 0;     // RT_SCOPE_*
  uint8_t type = 1;      // RTN_UNICAST
  uint8_t protocol = 3;  // RTPROT_BOOT
  // RTNH_F_ONLINK: the gateway is on the link though no address says so.
  bool onlink = false;
};

// InvalidArgument when `message` is not a well-formed RTM_NEWROUTE or
// RTM_DELROUTE of IPv4.
absl::StatusOr<Route> ParseRoute(const Message& message);

// EEXIST when there is one of that destination, metric and table.
[[nodiscard]] Request AddRoute(const Route& route);
// Takes the place of one of that destination, metric and table.
[[nodiscard]] Request ReplaceRoute(const Route& route);
// ESRCH when there is none. The interface is compared only if it isn't 0.
[[nodiscard]] Request RemoveRoute(const Route& route);

// The route that a packet to `address` would take: the entry as it stands in
// its table, with its prefix (RTM_F_FIB_MATCH). ENETUNREACH when there is none,
// or the route's own errno (unreachable, prohibit).
absl::StatusOr<Route> LookUpRoute(Socket& socket, base::Ipv4 address);

struct RouteFilter {
  uint32_t table = kMainTable;
  uint32_t ifindex = 0;  // 0: of every interface
};
// What matches, filtered by the kernel; cached and cloned routes never.
absl::StatusOr<std::vector<Route>> ListRoutes(Socket& socket,
                                              const RouteFilter& filter);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_ROUTE_H_
