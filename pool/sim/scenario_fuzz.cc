// Any text as a scenario: it is refused, or it is one that can be simulated,
// which is written the same when it has been read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pool/sim/scenario.h"

namespace {

using pool::sim::Scenario;

void Require(bool holds) {
  if (!holds) abort();
}

bool IsSame(const Scenario& a, const Scenario& b) {
  return a.seed == b.seed && a.nodes == b.nodes && a.length == b.length &&
         a.storm == b.storm && a.calm == b.calm && a.pod_life == b.pod_life &&
         a.faults == b.faults && a.only_nodes == b.only_nodes &&
         a.only_faults == b.only_faults;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto scenario = pool::sim::ParseScenario(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!scenario.ok()) {
    Require(absl::IsInvalidArgument(scenario.status()));
    Require(!scenario.status().message().empty());
    return 0;
  }
  Require(Validate(*scenario).ok());
  const std::string text = Format(*scenario);
  const auto again = pool::sim::ParseScenario(text);
  Require(again.ok());
  Require(IsSame(*again, *scenario));
  Require(Format(*again) == text);
  return 0;
}
