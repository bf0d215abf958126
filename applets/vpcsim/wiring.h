#ifndef CNIVPC_APPLETS_VPCSIM_WIRING_H_
#define CNIVPC_APPLETS_VPCSIM_WIRING_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "applets/vpcsim/change.h"
#include "applets/vpcsim/plug.h"
#include "applets/vpcsim/world.h"
#include "base/loop.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// Plugs interfaces into hosts while the cloud runs, as AttachNetworkInterface
// of a cloud does: a veth pair with one end, the interface's port, in the
// network namespace that the thread is in, up; and the other in the host's,
// with the interface's MAC, called eth1, eth2 and so on, down and without
// address. Takes them away when the interface is detached, and lays them anew
// when the host boots.
//
// Links outlive it, so that traffic goes on when the next Wiring begins: that
// one removes what isn't wanted any more. What can't be done is logged, and
// tried again with the next such change.
//
// On the loop's thread. Needs CAP_NET_ADMIN, and CAP_SYS_ADMIN of the hosts'
// namespaces.
class Wiring {
 public:
  // `loop` and `world` must live longer. Begins once the loop runs.
  Wiring(base::Loop& loop, const World& world, netlink::Socket socket);

  // To be called for each change of the world.
  void OnChange(const Change& change);

 private:
  void Sync();
  absl::Status Carry();
  absl::Status Lay(const Plug& plug);
  uint32_t MtuOf(const Plug& plug);

  const World& world_;
  netlink::Socket socket_;
  // Ports whose hosts have booted, or that were detached, since the last Sync.
  std::set<std::string> anew_;
  // Once for all changes of one wake-up.
  base::Timer sync_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_WIRING_H_
