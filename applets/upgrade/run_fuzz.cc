// A record may be damaged, or written by another release: whatever it holds,
// going on with it comes to an end and never leaves the list of steps.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "applets/upgrade/run.h"

namespace applets::upgrade {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CarryOn(Run run, bool well) {
  run = Recover(std::move(run), absl::UnixEpoch());
  for (size_t i = 0; i <= 2 * run.steps.size(); ++i) {
    if (run.phase != Phase::kForward && run.phase != Phase::kBack) return;
    Require(run.at < run.steps.size());
    run.Reached(Step::kInstall);
    const bool good = well || run.phase == Phase::kBack;
    run = Advance(std::move(run),
                  good ? absl::OkStatus() : absl::InternalError("x"),
                  absl::UnixEpoch());
  }
  std::abort();
}

void Fuzz(absl::string_view text) {
  const auto run = ParseRun(text);
  if (!run.ok()) return;
  const auto again = ParseRun(ToJson(*run));
  Require(again.ok() && *again == *run);
  CarryOn(*run, true);
  CarryOn(*run, false);
}

}  // namespace
}  // namespace applets::upgrade

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  applets::upgrade::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
