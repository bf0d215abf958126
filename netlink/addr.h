#ifndef CNIVPC_NETLINK_ADDR_H_
#define CNIVPC_NETLINK_ADDR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink {

// An IPv4 address of an interface (RTM_NEWADDR, linux/if_addr.h).
struct InterfaceAddress {
  uint32_t ifindex = 0;
  base::Ipv4 address = {};  // IFA_LOCAL
  int prefix_length = 32;
  uint8_t scope = 0;   // RT_SCOPE_UNIVERSE, RT_SCOPE_HOST, ...
  uint32_t flags = 0;  // IFA_F_SECONDARY, IFA_F_PERMANENT, ...
};

// InvalidArgument when `message` is not a well-formed RTM_NEWADDR or
// RTM_DELADDR of IPv4.
absl::StatusOr<InterfaceAddress> ParseAddress(const Message& message);

// EEXIST when the interface has it already; ENODEV when there is no interface.
// No broadcast address is set.
[[nodiscard]] Request AddAddress(const InterfaceAddress& address);
// EADDRNOTAVAIL when the interface hasn't got it.
[[nodiscard]] Request RemoveAddress(const InterfaceAddress& address);

// IPv4 addresses of one interface, or with ifindex 0 of all.
absl::StatusOr<std::vector<InterfaceAddress>> ListAddresses(Socket& socket,
                                                            uint32_t ifindex);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_ADDR_H_
