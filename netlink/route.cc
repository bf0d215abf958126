#include "netlink/route.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

constexpr AttributePolicy kPolicy[] = {
    {RTA_DST, AttributeKind::kU32},
    {RTA_OIF, AttributeKind::kU32},
    {RTA_GATEWAY, AttributeKind::kU32},
    {RTA_PRIORITY, AttributeKind::kU32},
    {RTA_PREFSRC, AttributeKind::kU32},
    {RTA_TABLE, AttributeKind::kU32},
    {RTA_MULTIPATH, AttributeKind::kBytes, sizeof(rtnexthop)},
};

rtmsg Header(const Route& route) {
  rtmsg header = {};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = static_cast<uint8_t>(route.destination.length());
  header.rtm_table =
      static_cast<uint8_t>(route.table <= 0xff ? route.table : RT_TABLE_UNSPEC);
  header.rtm_protocol = route.protocol;
  header.rtm_scope = route.scope;
  header.rtm_type = route.type;
  if (route.onlink) header.rtm_flags = RTNH_F_ONLINK;
  return header;
}

Request RouteRequest(uint16_t type, uint16_t flags, const Route& route) {
  Request request(type, flags);
  request.PutHeader(Header(route));
  request.PutU32(RTA_TABLE, route.table);
  if (route.destination.length() > 0) {
    request.PutIpv4(RTA_DST, route.destination.first());
  }
  if (route.ifindex != 0) request.PutU32(RTA_OIF, route.ifindex);
  if (route.gateway) request.PutIpv4(RTA_GATEWAY, *route.gateway);
  if (route.preferred_source) {
    request.PutIpv4(RTA_PREFSRC, *route.preferred_source);
  }
  if (route.metric != 0) request.PutU32(RTA_PRIORITY, route.metric);
  return request;
}

// The interface and gateway of the first of several next hops (rtnetlink(7),
// RTA_MULTIPATH: rtnexthop, then its attributes).
absl::Status TakeFirstNextHop(absl::Span<const char> hops, Route& route) {
  rtnexthop hop;
  std::memcpy(&hop, hops.data(), sizeof(hop));
  if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > hops.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("next hop of length ", hop.rtnh_len));
  }
  ASSIGN_OR_RETURN(
      const auto attributes,
      Attributes::Parse(hops.subspan(sizeof(hop), hop.rtnh_len - sizeof(hop)),
                        kPolicy));
  route.ifindex = static_cast<uint32_t>(hop.rtnh_ifindex);
  route.gateway = attributes.Ipv4(RTA_GATEWAY);
  route.onlink = hop.rtnh_flags & RTNH_F_ONLINK;
  return absl::OkStatus();
}

absl::StatusOr<Route> RouteFrom(const rtmsg& header,
                                const Attributes& attributes) {
  Route route;
  route.destination = base::Ipv4Prefix::Containing(
      attributes.Ipv4(RTA_DST).value_or(base::Ipv4()), header.rtm_dst_len);
  route.ifindex = attributes.U32(RTA_OIF).value_or(0);
  route.gateway = attributes.Ipv4(RTA_GATEWAY);
  route.preferred_source = attributes.Ipv4(RTA_PREFSRC);
  route.table = attributes.U32(RTA_TABLE).value_or(header.rtm_table);
  route.metric = attributes.U32(RTA_PRIORITY).value_or(0);
  route.scope = header.rtm_scope;
  route.type = header.rtm_type;
  route.protocol = header.rtm_protocol;
  route.onlink = header.rtm_flags & RTNH_F_ONLINK;
  if (attributes.Has(RTA_MULTIPATH)) {
    RETURN_IF_ERROR(TakeFirstNextHop(attributes.Bytes(RTA_MULTIPATH), route));
  }
  return route;
}

bool Cloned(const Message& message) {
  const auto header = message.FamilyHeader<rtmsg>();
  return header.ok() && (header->rtm_flags & RTM_F_CLONED);
}

}  // namespace

absl::StatusOr<Route> ParseRoute(const Message& message) {
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<rtmsg>());
  if ((message.type != RTM_NEWROUTE && message.type != RTM_DELROUTE) ||
      header.rtm_family != AF_INET || header.rtm_dst_len > 32) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no IPv4 route"));
  }
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kPolicy));
  return RouteFrom(header, attributes);
}

Request AddRoute(const Route& route) {
  return RouteRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
}

Request ReplaceRoute(const Route& route) {
  return RouteRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

Request RemoveRoute(const Route& route) {
  Route any = route;
  any.scope = RT_SCOPE_NOWHERE;  // these three: whatever they are
  any.type = RTN_UNSPEC;
  any.protocol = RTPROT_UNSPEC;
  any.onlink = false;
  return RouteRequest(RTM_DELROUTE, 0, any);
}

absl::StatusOr<Route> LookUpRoute(Socket& socket, base::Ipv4 address) {
  rtmsg header = {};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 32;
  header.rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH;
  Route route;
  RETURN_IF_ERROR(socket.Get(
      Request(RTM_GETROUTE, 0).PutHeader(header).PutIpv4(RTA_DST, address),
      [&](const Message& message) {
        auto parsed = ParseRoute(message);
        if (parsed.ok()) route = *parsed;
        return parsed.status();
      }));
  return route;
}

absl::StatusOr<std::vector<Route>> ListRoutes(Socket& socket,
                                              const RouteFilter& filter) {
  Request request(RTM_GETROUTE, 0);
  rtmsg header = {};
  header.rtm_family = AF_INET;
  request.PutHeader(header).PutU32(RTA_TABLE, filter.table);
  if (filter.ifindex != 0) request.PutU32(RTA_OIF, filter.ifindex);
  std::vector<Route> routes;
  const absl::Status status = socket.Dump(request, [&](const Message& message) {
    if (Cloned(message)) return absl::OkStatus();
    auto route = ParseRoute(message);
    if (route.ok()) routes.push_back(*route);
    return route.status();
  });
  // A table is made with its first route.
  if (!status.ok() && base::ErrnoOf(status) != ENOENT) return status;
  return routes;
}

}  // namespace netlink
