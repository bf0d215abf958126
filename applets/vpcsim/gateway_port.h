#ifndef CNIVPC_APPLETS_VPCSIM_GATEWAY_PORT_H_
#define CNIVPC_APPLETS_VPCSIM_GATEWAY_PORT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/port.h"
#include "base/address.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// Makes a TAP device in the thread's network namespace, up and with that MAC
// but no address, and holds its far end: what the kernel sends out of the
// device is received here, and what is sent here comes in there. The device
// goes with the port. EBUSY when there is one of that name in use; NotFound
// without /dev/net/tun. `socket` must be of the same namespace.
absl::StatusOr<std::unique_ptr<Port>> OpenGatewayPort(netlink::Socket& socket,
                                                      const std::string& name,
                                                      const base::Mac& mac);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_GATEWAY_PORT_H_
