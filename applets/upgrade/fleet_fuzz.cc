// A record may be damaged, or written by another release: whatever it holds,
// the run comes to an end when all goes well, and is read as it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "applets/upgrade/fleet.h"

namespace applets::upgrade {
namespace {

constexpr size_t kMostTurns = 100000;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CarryOn(Fleet fleet, FleetAnswer::Kind kind) {
  absl::Time now = fleet.started;
  for (size_t turn = 0; turn < kMostTurns && !fleet.over(); ++turn) {
    const std::vector<FleetTask> tasks = Proceed(fleet, now);
    for (const FleetTask& task : tasks) {
      Require(task.node < fleet.nodes.size());
      Hear(fleet, task, {.kind = kind, .sha256 = "x"}, now);
    }
    const absl::Time next = NextCall(fleet, now);
    if (tasks.empty() && !fleet.over() && next == absl::InfiniteFuture())
      return;
    if (tasks.empty() && next > now) now = next;
  }
  Require(fleet.over());
}

void Fuzz(absl::string_view text) {
  auto fleet = ParseFleet(text);
  if (!fleet.ok()) return;
  const auto again = ParseFleet(ToJson(*fleet));
  Require(again.ok() && ToJson(*again) == ToJson(*fleet));
  if (fleet->nodes.size() > 20) return;
  fleet->paused = false;
  CarryOn(*fleet, FleetAnswer::Kind::kOk);
  CarryOn(*fleet, FleetAnswer::Kind::kFailed);
  CarryOn(*fleet, FleetAnswer::Kind::kNothing);
}

}  // namespace
}  // namespace applets::upgrade

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  applets::upgrade::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
