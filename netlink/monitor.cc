#include "netlink/monitor.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <iterator>
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

// One NETLINK_LISTEN_ALL_NSID.
constexpr size_t kControlBytes = CMSG_SPACE(sizeof(int));

std::optional<int32_t> NetnsidOf(msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_NETLINK ||
        control->cmsg_type != NETLINK_LISTEN_ALL_NSID) {
      continue;
    }
    int32_t netnsid = 0;
    memcpy(&netnsid, CMSG_DATA(control), sizeof(netnsid));
    return netnsid;
  }
  return std::nullopt;
}

// What Watched would pass over (bridges' ports, IPv6's neighbours) doesn't even
// wake us. The kernel's notifications are one message a datagram.
absl::Status KeepOutOtherFamilies(int fd) {
  constexpr uint32_t kAll = 0xffffffff;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN),  // the family
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNSPEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kAll),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter = {std::size(program), program};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) !=
      0) {
    return base::ErrnoStatus("filter netlink events");
  }
  return absl::OkStatus();
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
  RETURN_IF_ERROR(KeepOutOtherFamilies(fd.get()));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  for (const MonitorGroup group : groups) address.nl_groups |= GroupBit(group);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return base::ErrnoStatus("bind to netlink groups");
  }
  return Monitor(std::move(fd));
}

absl::StatusOr<Monitor> Monitor::OpenForAll(
    absl::Span<const MonitorGroup> groups) {
  ASSIGN_OR_RETURN(Monitor monitor, Open(groups));
  const int on = 1;
  if (setsockopt(monitor.fd(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on,
                 sizeof(on)) != 0) {
    return base::ErrnoStatus("listen to other namespaces");
  }
  return monitor;
}

Monitor::Datagram Monitor::ReceiveOne() {
  sockaddr_nl from = {};
  iovec bytes = {buffer_.get(), kBufferBytes};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr header = {};
  header.msg_name = &from;
  header.msg_namelen = sizeof(from);
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t size = recvmsg(fd_.get(), &header, MSG_TRUNC);
  if (size < 0) return {size, false, std::nullopt};
  return {size, from.nl_pid == 0, NetnsidOf(header)};
}

absl::StatusOr<std::vector<Notice>> Monitor::Receive() {
  std::vector<Notice> notices;
  for (int i = 0; i < kMaxDatagramsPerReceive; ++i) {
    const Datagram datagram = ReceiveOne();
    if (datagram.size < 0 && errno == EAGAIN) break;
    if (datagram.size < 0 && errno == EINTR) continue;
    if (datagram.size < 0 && errno != ENOBUFS) {
      return base::ErrnoStatus("receive netlink events");
    }
    const auto size = static_cast<size_t>(datagram.size);
    if (datagram.size < 0 || size > kBufferBytes) {
      notices.push_back({Overrun{}});
      continue;
    }
    if (!datagram.from_kernel) continue;
    for (Event& event : ParseEvents(absl::MakeConstSpan(buffer_.get(), size))) {
      notices.push_back({std::move(event), datagram.netnsid});
    }
  }
  return notices;
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
