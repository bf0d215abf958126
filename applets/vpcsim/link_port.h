#ifndef CNIVPC_APPLETS_VPCSIM_LINK_PORT_H_
#define CNIVPC_APPLETS_VPCSIM_LINK_PORT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "applets/vpcsim/port.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// Takes part in an Ethernet link of the thread's network namespace through a
// packet socket (packet(7)): receives all that comes in on it, and sends. It
// also stops the kernel from answering ARP there (IFF_NOARP). Survives the link
// going down and up, but not its end. NotFound (ENODEV) when there is none;
// needs CAP_NET_RAW and CAP_NET_ADMIN. `socket` must be of the same namespace.
absl::StatusOr<std::unique_ptr<Port>> OpenLinkPort(netlink::Socket& socket,
                                                   uint32_t ifindex);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_LINK_PORT_H_
