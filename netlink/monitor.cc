#include "netlink/monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "netlink/message.h"

namespace netlink {
namespace {

uint32_t GroupBit(MonitorGroup group) {
  switch (group) {
    case MonitorGroup::kLink:
      return RTMGRP_LINK;
    case MonitorGroup::kAddress:
      return RTMGRP_IPV4_IFADDR;
    case MonitorGroup::kRoute:
      return RTMGRP_IPV4_ROUTE;
    case MonitorGroup::kRule:
      return RTMGRP_IPV4_RULE;
    case MonitorGroup::kNeighbor:
      return RTMGRP_NEIGH;
  }
  return 0;
}

// The family is the first byte of every rtnetlink family header. Bridges tell
// of their ports in link messages of family AF_BRIDGE: a port that leaves is
// not a link that goes. Neighbours of other families share their group.
bool Watched(const Message& message) {
  if (message.payload.empty()) return true;  // the parser says what is wrong
  const uint8_t family = static_cast<uint8_t>(message.payload[0]);
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return family == AF_UNSPEC;
    default:
      return family == AF_INET;
  }
}

// The event that `make` builds of a parsed value; Overrun if it didn't parse.
template <typename T, typename Make>
Event EventOf(absl::StatusOr<T> parsed, Make make) {
  if (!parsed.ok()) return Overrun{};
  return make(*std::move(parsed));
}

template <typename Changed, typename Gone, typename T>
Event ChangedOrGone(const Message& message, uint16_t changed,
                    absl::StatusOr<T> parsed) {
  return EventOf(std::move(parsed), [&](T value) -> Event {
    if (message.type == changed) return Changed{std::move(value)};
    return Gone{std::move(value)};
  });
}

Event LinkEvent(const Message& message) {
  return EventOf(ParseLink(message), [&](Link link) -> Event {
    if (message.type == RTM_NEWLINK) return LinkChanged{std::move(link)};
    return LinkGone{link.index, std::move(link.name)};
  });
}

void AppendEvent(const Message& message, std::vector<Event>& events) {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      events.push_back(LinkEvent(message));
      return;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      events.push_back(ChangedOrGone<AddressChanged, AddressGone>(
          message, RTM_NEWADDR, ParseAddress(message)));
      return;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      events.push_back(ChangedOrGone<RouteChanged, RouteGone>(
          message, RTM_NEWROUTE, ParseRoute(message)));
      return;
    case RTM_NEWRULE:
    case RTM_DELRULE:
      events.push_back(ChangedOrGone<RuleChanged, RuleGone>(
          message, RTM_NEWRULE, ParseRule(message)));
      return;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      events.push_back(ChangedOrGone<NeighborChanged, NeighborGone>(
          message, RTM_NEWNEIGH, ParseNeighbor(message)));
      return;
    default:
      return;
  }
}

}  // namespace

absl::StatusOr<Monitor> Monitor::Open(absl::Span<const MonitorGroup> groups) {
  base::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     NETLINK_ROUTE));
  if (!fd.valid()) return base::ErrnoStatus("netlink socket");
  const int bytes = kReceiveBufferBytes;
  // Without privilege what rmem_max allows must do: an Overrun comes sooner.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) !=
      0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  for (const MonitorGroup group : groups) address.nl_groups |= GroupBit(group);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return base::ErrnoStatus("bind to netlink groups");
  }
  return Monitor(std::move(fd));
}

absl::StatusOr<std::vector<Event>> Monitor::Receive() {
  std::vector<Event> events;
  for (int i = 0; i < kMaxDatagramsPerReceive; ++i) {
    sockaddr_nl from = {};
    socklen_t from_bytes = sizeof(from);
    const ssize_t size =
        recvfrom(fd_.get(), buffer_.get(), kBufferBytes, MSG_TRUNC,
                 reinterpret_cast<sockaddr*>(&from), &from_bytes);
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != ENOBUFS) {
      return base::ErrnoStatus("receive netlink events");
    }
    if (size < 0 || static_cast<size_t>(size) > kBufferBytes) {
      events.emplace_back(Overrun{});
      continue;
    }
    if (from.nl_pid != 0) continue;  // not the kernel
    std::vector<Event> parsed =
        ParseEvents(absl::MakeConstSpan(buffer_.get(), size));
    std::move(parsed.begin(), parsed.end(), std::back_inserter(events));
  }
  return events;
}

std::vector<Event> ParseEvents(absl::Span<const char> datagram) {
  const auto messages = SplitMessages(datagram);
  if (!messages.ok()) return {Overrun{}};
  std::vector<Event> events;
  for (const Message& message : *messages) {
    if (Watched(message)) AppendEvent(message, events);
  }
  return events;
}

}  // namespace netlink
