#ifndef CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_
#define CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "applets/vpcsim/options.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {

// The world that the flags describe, and where its changes are kept.
class OpenWorld {
 public:
  // InvalidArgument names the flag.
  static absl::StatusOr<std::unique_ptr<OpenWorld>> Open(
      const Options& options);

  World& world() { return *world_; }

 private:
  explicit OpenWorld(std::unique_ptr<World> world) : world_(std::move(world)) {}

  std::unique_ptr<World> world_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_
