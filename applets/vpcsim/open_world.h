#ifndef CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_
#define CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/vpcsim/journal.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/options.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {

// The world that the flags describe, and with --persist the file that its
// changes are kept in. What that file has already counts, not --state and
// --subnet.
class OpenWorld {
 public:
  // InvalidArgument names the flag.
  static absl::StatusOr<std::unique_ptr<OpenWorld>> Open(
      const Options& options);

  World& world() { return *world_; }
  // Those of the flags and of the state file.
  const std::vector<KeyPair>& keys() const { return keys_; }
  // Keeps what has changed; to be called before anybody is told of it.
  absl::Status Commit();

 private:
  OpenWorld() = default;

  std::vector<KeyPair> keys_;
  std::unique_ptr<Journal> journal_;  // null without --persist
  std::unique_ptr<World> world_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_OPEN_WORLD_H_
