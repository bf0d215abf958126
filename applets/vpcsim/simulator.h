#ifndef CNIVPC_APPLETS_VPCSIM_SIMULATOR_H_
#define CNIVPC_APPLETS_VPCSIM_SIMULATOR_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/vpcsim/call_log.h"
#include "applets/vpcsim/fault.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {

// All that a running simulator knows. One thread, the loop's.
struct Simulator {
  Simulator(World& world_in, uint64_t seed)
      : world(world_in),
        keys(world_in.settings().project),
        faults(seed),
        random(seed) {}

  World& world;
  Keys keys;
  Faults faults;
  CallLog calls = {};
  std::mt19937_64 random;
  // How long temporary keys live; zero: as the cloud's do (an hour, or what is
  // asked for).
  absl::Duration sts_life = absl::ZeroDuration();
  // Reads without another lag see the cloud as it was so long ago.
  absl::Duration lag = absl::ZeroDuration();
  // Keeps the world's changes; called before anybody is told of them.
  std::function<absl::Status()> commit = [] { return absl::OkStatus(); };
};

using Clock = std::function<absl::Time()>;

// A request id as the cloud makes them (RFC 4122, random).
std::string MakeRequestId(std::mt19937_64& random);

// Makes a change that nobody asked for, `change.count` of them if there are
// so many addresses to choose from; returns how many were made. Who gets or
// loses is drawn.
int Disturb(Simulator& simulator, const OutOfBand& change);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_SIMULATOR_H_
