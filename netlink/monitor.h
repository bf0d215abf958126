#ifndef CNIVPC_NETLINK_MONITOR_H_
#define CNIVPC_NETLINK_MONITOR_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/fd.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {

struct LinkChanged {
  Link link;  // new, or changed in some way
};
struct LinkGone {
  uint32_t ifindex;
  std::string name = {};
};
struct AddressChanged {
  InterfaceAddress address;
};
struct AddressGone {
  InterfaceAddress address;
};
struct RouteChanged {
  Route route;
};
struct RouteGone {
  Route route;
};
struct RuleChanged {
  Rule rule;
};
struct RuleGone {
  Rule rule;
};
struct NeighborChanged {
  Neighbor neighbor;
};
struct NeighborGone {
  Neighbor neighbor;
};
// Events were lost (ENOBUFS): look at everything again.
struct Overrun {};

using Event = std::variant<LinkChanged, LinkGone, AddressChanged, AddressGone,
                           RouteChanged, RouteGone, RuleChanged, RuleGone,
                           NeighborChanged, NeighborGone, Overrun>;

// An event, and where: the number by which the monitor's namespace knows the
// other one it happened in (Link::peer_netnsid); empty for its own.
struct Notice {
  Event event;
  std::optional<int32_t> netnsid = std::nullopt;
};

// What to be told of; IPv4 only but for links.
enum class MonitorGroup { kLink, kAddress, kRoute, kRule, kNeighbor };

// Tells what changes in a network namespace: that of the calling thread when it
// was opened. Non-blocking, for an event loop; one thread at a time. The kernel
// sends no event for a route that goes with its link: LinkGone stands for it.
class Monitor {
 public:
  // Enough for the events of some thousand pods that come or go at once. Beyond
  // net.core.rmem_max it needs CAP_NET_ADMIN (SO_RCVBUFFORCE).
  static constexpr int kReceiveBufferBytes = 16 << 20;
  // Receive takes no more than so many datagrams in one call.
  static constexpr int kMaxDatagramsPerReceive = 256;

  static absl::StatusOr<Monitor> Open(absl::Span<const MonitorGroup> groups);
  // One that is told of other namespaces as well: those that the own one has a
  // number for, as it has for the peer's of each veth. Without
  // CAP_NET_BROADCAST it is EPERM, and where that lacks over another namespace
  // nothing is heard of it.
  static absl::StatusOr<Monitor> OpenForAll(
      absl::Span<const MonitorGroup> groups);

  Monitor(Monitor&&) noexcept = default;
  Monitor& operator=(Monitor&&) noexcept = default;

  // Borrowed; readable when there is something to receive.
  int fd() const { return fd_.get(); }

  // What has come in since the last call, in order; empty if nothing has. What
  // cannot be parsed is reported as an Overrun: something changed, and we don't
  // know what. More may be waiting afterwards: the descriptor is then still
  // readable.
  absl::StatusOr<std::vector<Notice>> Receive();

 private:
  static constexpr size_t kBufferBytes = 64 << 10;
  // What one datagram was.
  struct Datagram {
    ssize_t size = 0;  // negative: errno says why
    bool from_kernel = false;
    std::optional<int32_t> netnsid;
  };
  Datagram ReceiveOne();

  explicit Monitor(base::Fd fd)
      : fd_(std::move(fd)), buffer_(new char[kBufferBytes]) {}

  base::Fd fd_;
  std::unique_ptr<char[]> buffer_;
};

// The events of one datagram; pure. Messages we don't watch give none (a bridge
// telling of its ports, IPv6, replies).
std::vector<Event> ParseEvents(absl::Span<const char> datagram);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_MONITOR_H_
