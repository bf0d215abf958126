#ifndef CNIVPC_APPLETS_VPCSIM_LAB_SWITCH_H_
#define CNIVPC_APPLETS_VPCSIM_LAB_SWITCH_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/lagging_directory.h"
#include "applets/vpcsim/wiring.h"
#include "applets/vpcsim/world.h"
#include "applets/vpcsim/world_directory.h"
#include "base/loop.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// The fabric of a world: forwards by what the world says, `lag` later, and
// plugs in what is attached. Follows the world's changes, so the world must not
// change any more once this is gone. On the loop's thread.
class LabSwitch {
 public:
  // `loop` and `world` must live longer.
  static absl::StatusOr<std::unique_ptr<LabSwitch>> Create(base::Loop& loop,
                                                           World& world,
                                                           absl::Duration lag);

  const Fabric& fabric() const { return *fabric_; }

 private:
  LabSwitch(base::Loop& loop, const World& world, absl::Duration lag,
            netlink::Socket socket);
  void OnChange(const Change& change);

  WorldDirectory directory_;
  LaggingDirectory lagging_;
  // Once for all changes of one wake-up.
  base::Timer sync_;
  std::unique_ptr<Fabric> fabric_;
  Wiring wiring_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_LAB_SWITCH_H_
