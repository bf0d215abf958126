#include "netlink/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

constexpr AttributePolicy kLinkPolicy[] = {
    {IFLA_ADDRESS, AttributeKind::kBytes},
    {IFLA_IFNAME, AttributeKind::kString},
    {IFLA_MTU, AttributeKind::kU32},
    {IFLA_LINK, AttributeKind::kU32},
    {IFLA_MASTER, AttributeKind::kU32},
    {IFLA_LINKINFO, AttributeKind::kNest},
    {IFLA_IFALIAS, AttributeKind::kString},
    {IFLA_GROUP, AttributeKind::kU32},
    {IFLA_LINK_NETNSID, AttributeKind::kI32},
    {IFLA_CARRIER_CHANGES, AttributeKind::kU32},
};

constexpr AttributePolicy kInfoPolicy[] = {
    {IFLA_INFO_KIND, AttributeKind::kString},
};

// Counters are most of an answer, and nobody here reads them.
constexpr uint32_t kWithoutCounters = RTEXT_FILTER_SKIP_STATS;

// More than one queue would cost a grace period when the kernel cuts them back
// to what a veth uses.
constexpr uint32_t kQueues = 1;

void PutEnd(Request& request, const VethEnd& end) {
  if (!end.name.empty()) request.PutString(IFLA_IFNAME, end.name);
  if (end.mac != base::Mac()) request.PutMac(IFLA_ADDRESS, end.mac);
  if (end.mtu_bytes != 0) request.PutU32(IFLA_MTU, end.mtu_bytes);
  request.PutU32(IFLA_NUM_TX_QUEUES, kQueues);
  request.PutU32(IFLA_NUM_RX_QUEUES, kQueues);
}

ifinfomsg Header(uint32_t ifindex) {
  ifinfomsg header = {};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(ifindex);
  return header;
}

absl::StatusOr<Link> Get(Socket& socket, const Request& request) {
  Link link;
  RETURN_IF_ERROR(
      socket.Get(request, [&](const Message& message) -> absl::Status {
        ASSIGN_OR_RETURN(link, ParseLink(message));
        return absl::OkStatus();
      }));
  return link;
}

}  // namespace

bool Link::up() const { return flags & IFF_UP; }
bool Link::running() const { return flags & IFF_RUNNING; }
bool Link::loopback() const { return flags & IFF_LOOPBACK; }

absl::StatusOr<Link> ParseLink(const Message& message) {
  if (message.type != RTM_NEWLINK && message.type != RTM_DELLINK) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " describes no link"));
  }
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<ifinfomsg>());
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kLinkPolicy));
  ASSIGN_OR_RETURN(
      const auto info,
      Attributes::Parse(attributes.Bytes(IFLA_LINKINFO), kInfoPolicy));
  Link link;
  link.index = static_cast<uint32_t>(header.ifi_index);
  link.name = attributes.String(IFLA_IFNAME);
  link.kind = info.String(IFLA_INFO_KIND);
  link.mac = attributes.Mac(IFLA_ADDRESS).value_or(base::Mac());
  link.mtu_bytes = attributes.U32(IFLA_MTU).value_or(0);
  link.flags = header.ifi_flags;
  link.hardware_type = header.ifi_type;
  link.alias = attributes.String(IFLA_IFALIAS);
  link.group = attributes.U32(IFLA_GROUP).value_or(0);
  link.master_ifindex = attributes.U32(IFLA_MASTER).value_or(0);
  link.peer_ifindex = attributes.U32(IFLA_LINK).value_or(0);
  link.peer_netnsid = attributes.I32(IFLA_LINK_NETNSID);
  link.carrier_changes = attributes.U32(IFLA_CARRIER_CHANGES).value_or(0);
  return link;
}

Request CreateVeth(const VethPair& pair) {
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg inner = Header(pair.inner.ifindex);
  if (pair.inner_up) inner.ifi_flags = inner.ifi_change = IFF_UP;
  request.PutHeader(inner);
  if (pair.netns_fd >= 0) {
    request.PutU32(IFLA_NET_NS_FD, static_cast<uint32_t>(pair.netns_fd));
  }
  PutEnd(request, pair.inner);
  return request.PutNest(IFLA_LINKINFO, [&](Request& info) {
    info.PutString(IFLA_INFO_KIND, "veth");
    info.PutNest(IFLA_INFO_DATA, [&](Request& data) {
      data.PutNest(VETH_INFO_PEER, [&](Request& peer) {
        peer.PutHeader(Header(pair.outer.ifindex));
        PutEnd(peer, pair.outer);
      });
    });
  });
}

Request ChangeLink(const LinkChange& change) {
  Request request(RTM_SETLINK, 0);
  ifinfomsg header = Header(change.ifindex);
  if (change.state != LinkChange::State::kUnchanged) {
    header.ifi_change = IFF_UP;
    if (change.state == LinkChange::State::kUp) header.ifi_flags = IFF_UP;
  }
  request.PutHeader(header);
  if (!change.name.empty()) request.PutString(IFLA_IFNAME, change.name);
  if (change.alias) request.PutText(IFLA_IFALIAS, *change.alias);
  if (change.mtu_bytes) request.PutU32(IFLA_MTU, *change.mtu_bytes);
  if (change.mac) request.PutMac(IFLA_ADDRESS, *change.mac);
  if (change.master_ifindex) {
    request.PutU32(IFLA_MASTER, *change.master_ifindex);
  }
  if (change.group) request.PutU32(IFLA_GROUP, *change.group);
  return request;
}

Request DeleteLink(uint32_t ifindex) {
  return Request(RTM_DELLINK, 0).PutHeader(Header(ifindex));
}

Request DeleteLink(absl::string_view name) {
  return Request(RTM_DELLINK, 0)
      .PutHeader(Header(0))
      .PutString(IFLA_IFNAME, name);
}

Request DeleteLinkGroup(uint32_t group) {
  return Request(RTM_DELLINK, 0).PutHeader(Header(0)).PutU32(IFLA_GROUP, group);
}

absl::StatusOr<Link> GetLink(Socket& socket, uint32_t ifindex) {
  return Get(socket, Request(RTM_GETLINK, 0)
                         .PutHeader(Header(ifindex))
                         .PutU32(IFLA_EXT_MASK, kWithoutCounters));
}

absl::StatusOr<Link> GetLink(Socket& socket, absl::string_view name) {
  return Get(socket, Request(RTM_GETLINK, 0)
                         .PutHeader(Header(0))
                         .PutU32(IFLA_EXT_MASK, kWithoutCounters)
                         .PutString(IFLA_IFNAME, name));
}

absl::StatusOr<uint32_t> GetIfindex(const Socket& socket,
                                    absl::string_view name) {
  ifreq request = {};
  if (name.size() > kMaxIfnameBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "interface name longer than ", kMaxIfnameBytes, " bytes: ", name));
  }
  std::copy(name.begin(), name.end(), request.ifr_name);
  if (ioctl(socket.fd(), SIOCGIFINDEX, &request) != 0) {
    return base::ErrnoStatus(absl::StrCat("interface ", name));
  }
  return static_cast<uint32_t>(request.ifr_ifindex);
}

absl::StatusOr<std::vector<Link>> ListLinks(Socket& socket,
                                            absl::string_view kind) {
  Request request(RTM_GETLINK, 0);
  request.PutHeader(Header(0)).PutU32(IFLA_EXT_MASK, kWithoutCounters);
  if (!kind.empty()) {
    request.PutNest(IFLA_LINKINFO, [&](Request& info) {
      info.PutString(IFLA_INFO_KIND, kind);
    });
  }
  std::vector<Link> links;
  RETURN_IF_ERROR(
      socket.Dump(request, [&](const Message& message) -> absl::Status {
        ASSIGN_OR_RETURN(Link link, ParseLink(message));
        // A kind that no module provides yet isn't filtered by.
        if (kind.empty() || link.kind == kind) {
          links.push_back(std::move(link));
        }
        return absl::OkStatus();
      }));
  return links;
}

}  // namespace netlink
