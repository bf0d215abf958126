// Whatever bytes a list of connections has, the parser takes or refuses them.

#include <cstddef>
#include <cstdint>

#include "netlink/conntrack.h"
#include "netlink/message.h"

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto messages =
      netlink::SplitMessages({reinterpret_cast<const char*>(data), size});
  if (!messages.ok()) return 0;
  for (const netlink::Message& message : *messages) {
    const auto flow = netlink::ParseFlow(message);
    // Only what is tracked can be alive.
    if (flow.ok() && flow->alive() && flow->status == 0) __builtin_trap();
  }
  return 0;
}
