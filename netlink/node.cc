#include "netlink/node.h"

#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/link.h"
#include "netlink/route.h"

namespace netlink {
namespace {

// The interface's own address: `preferred` if it has that one, else its first
// that is neither secondary nor of less than global scope.
std::optional<InterfaceAddress> PrimaryAddress(
    const std::vector<InterfaceAddress>& addresses, uint32_t ifindex,
    std::optional<base::Ipv4> preferred) {
  std::optional<InterfaceAddress> found;
  for (const InterfaceAddress& address : addresses) {
    if (address.ifindex != ifindex) continue;
    if (preferred && address.address == *preferred) return address;
    if (!found && address.scope == RT_SCOPE_UNIVERSE &&
        !(address.flags & IFA_F_SECONDARY)) {
      found = address;
    }
  }
  return found;
}

absl::StatusOr<Node> Describe(Socket& socket, const Link& link,
                              std::optional<base::Ipv4> preferred) {
  ASSIGN_OR_RETURN(const auto addresses, ListAddresses(socket, link.index));
  const auto address = PrimaryAddress(addresses, link.index, preferred);
  if (!address) {
    return absl::NotFoundError(
        absl::StrCat("interface ", link.name, " has no IPv4 address"));
  }
  return Node{link.name,      link.index,       link.mac,
              link.mtu_bytes, address->address, address->prefix_length};
}

std::optional<Route> DefaultRoute(const std::vector<Route>& routes) {
  std::optional<Route> best;
  for (const Route& route : routes) {
    if (route.destination.length() != 0 || route.ifindex == 0) continue;
    if (!best || route.metric < best->metric) best = route;
  }
  return best;
}

// Neither a pod's nor one that is made of others.
bool CouldBeMain(const Link& link) {
  return link.up() && !link.loopback() && link.hardware_type == ARPHRD_ETHER &&
         link.kind != "bridge" && link.kind != "dummy" &&
         !IsHostIfname(link.name);
}

absl::StatusOr<Node> FindByAddress(Socket& socket) {
  ASSIGN_OR_RETURN(const auto links, ListLinks(socket));
  for (const Link& link : links) {
    if (!CouldBeMain(link)) continue;
    auto node = Describe(socket, link, std::nullopt);
    if (node.ok() || !absl::IsNotFound(node.status())) return node;
  }
  return absl::NotFoundError(
      "no default route, and no Ethernet interface that is up has an IPv4 "
      "address");
}

}  // namespace

absl::StatusOr<Node> FindNode(Socket& socket, absl::string_view name) {
  if (!name.empty()) {
    auto link = GetLink(socket, name);
    if (!link.ok()) {
      return base::Annotate(link.status(), absl::StrCat("interface ", name));
    }
    return Describe(socket, *link, std::nullopt);
  }
  ASSIGN_OR_RETURN(const auto routes, ListRoutes(socket, RouteFilter{}));
  const std::optional<Route> route = DefaultRoute(routes);
  if (!route) return FindByAddress(socket);
  ASSIGN_OR_RETURN(const Link link, GetLink(socket, route->ifindex));
  return Describe(socket, link, route->preferred_source);
}

absl::StatusOr<Node> FindNode(Socket& socket, const base::Mac& mac) {
  ASSIGN_OR_RETURN(const auto links, ListLinks(socket));
  absl::Status missing = absl::NotFoundError(
      absl::StrCat("no interface has the MAC ", mac.ToString()));
  for (const Link& link : links) {
    if (link.mac != mac || IsHostIfname(link.name)) continue;
    auto node = Describe(socket, link, std::nullopt);
    if (node.ok() || !absl::IsNotFound(node.status())) return node;
    missing = node.status();
  }
  return missing;
}

absl::Status PrepareNode(const Sysctl& sysctl, absl::string_view ifname) {
  const std::pair<std::string, absl::string_view> settings[] = {
      {"net/ipv4/ip_forward", "1"},
      {absl::StrCat("net/ipv4/neigh/", ifname, "/proxy_delay"), "0"}};
  for (const auto& [name, value] : settings) {
    // In a container /proc/sys is often read-only.
    RETURN_IF_ERROR(base::Annotate(
        sysctl.Set(name, value),
        absl::StrCat("the node needs `sysctl -w ", name, "=", value, "`")));
  }
  return absl::OkStatus();
}

}  // namespace netlink
