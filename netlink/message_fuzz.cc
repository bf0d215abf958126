// Whatever bytes a datagram has, the parsers take them or refuse them.

#include <cstddef>
#include <cstdint>

#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/message.h"
#include "netlink/monitor.h"
#include "netlink/neigh.h"
#include "netlink/route.h"
#include "netlink/rule.h"

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::Span<const char> datagram(reinterpret_cast<const char*>(data),
                                        size);
  const auto messages = netlink::SplitMessages(datagram);
  if (!messages.ok()) return 0;
  for (const netlink::Message& message : *messages) {
    netlink::ParseLink(message).status().IgnoreError();
    netlink::ParseAddress(message).status().IgnoreError();
    netlink::ParseRoute(message).status().IgnoreError();
    netlink::ParseRule(message).status().IgnoreError();
    netlink::ParseNeighbor(message).status().IgnoreError();
    netlink::ParseAcknowledgement(message).status().IgnoreError();
  }
  netlink::ParseEvents(datagram);
  return 0;
}
