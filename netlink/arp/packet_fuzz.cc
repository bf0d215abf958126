// A frame is refused, or it is what its packet would be sent as.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "netlink/arp/packet.h"

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto packet = netlink::arp::Decode(absl::MakeConstSpan(data, size));
  if (!packet) return 0;
  const netlink::arp::Frame frame = netlink::arp::Encode(*packet);
  if (!std::equal(frame.begin(), frame.end(), data)) std::abort();
  return 0;
}
