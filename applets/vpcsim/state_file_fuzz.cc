#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/state_file.h"

// What is taken comes back the same from its dump.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace vpcsim = applets::vpcsim;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<vpcsim::State> state = vpcsim::ReadState(text);
  if (!state.ok()) return 0;
  const std::string dump = vpcsim::DumpState(*state->world, state->keys);
  const absl::StatusOr<vpcsim::State> again = vpcsim::ReadState(dump);
  if (!again.ok() || vpcsim::DumpState(*again->world, again->keys) != dump) {
    abort();
  }
  return 0;
}
