#include "applets/ctl/kernel_view.h"

#include <net/if_arp.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

// By what our rules and UK8S's use, and the kernel's own (ip-rule(8)).
constexpr uint32_t kRulePriorities[] = {0, 512, 1024, 2048, 32766, 32767};
// A secondary interface ethN has the table 1000 + N.
constexpr uint32_t kFirstExtraTable = 1001;
constexpr uint32_t kLastExtraTable = 1015;

template <typename Element>
std::string Lines(const absl::StatusOr<std::vector<Element>>& elements) {
  if (!elements.ok()) {
    return absl::StrCat("error: ", elements.status().message(), "\n");
  }
  std::string text;
  for (const Element& element : *elements) {
    absl::StrAppend(&text, LineOf(element), "\n");
  }
  return text;
}

std::string Routes(netlink::Socket& socket) {
  std::string text =
      Lines(netlink::ListRoutes(socket, {.table = netlink::kMainTable}));
  for (uint32_t table = kFirstExtraTable; table <= kLastExtraTable; ++table) {
    absl::StrAppend(&text,
                    Lines(netlink::ListRoutes(socket, {.table = table})));
  }
  return text;
}

std::string Rules(netlink::Socket& socket) {
  std::string text;
  for (const uint32_t priority : kRulePriorities) {
    absl::StrAppend(&text, Lines(netlink::ListRules(socket, priority)));
  }
  return text;
}

std::string Where(uint32_t ifindex) {
  return ifindex == 0 ? "" : absl::StrCat(" dev #", ifindex);
}

}  // namespace

std::string LineOf(const netlink::Link& link) {
  std::string line = absl::StrCat(
      "#", link.index, " ", link.name, " ", link.kind.empty() ? "-" : link.kind,
      link.up() ? " up" : " down", link.running() ? " running" : "", " mtu ",
      link.mtu_bytes, " mac ", link.mac.ToString());
  if (link.master_ifindex != 0) {
    absl::StrAppend(&line, " master #", link.master_ifindex);
  }
  if (link.peer_ifindex != 0) {
    absl::StrAppend(&line, " peer #", link.peer_ifindex);
  }
  if (link.peer_netnsid) absl::StrAppend(&line, " netns ", *link.peer_netnsid);
  if (!link.alias.empty()) absl::StrAppend(&line, " alias ", link.alias);
  return line;
}

std::string LineOf(const netlink::InterfaceAddress& address) {
  return absl::StrCat(address.address.ToString(), "/", address.prefix_length,
                      Where(address.ifindex), " scope ", address.scope,
                      " flags 0x", absl::Hex(address.flags));
}

std::string LineOf(const netlink::Route& route) {
  std::string line =
      absl::StrCat("table ", route.table, " ", route.destination.ToString(),
                   Where(route.ifindex));
  if (route.gateway) {
    absl::StrAppend(&line, " via ", route.gateway->ToString());
  }
  if (route.preferred_source) {
    absl::StrAppend(&line, " src ", route.preferred_source->ToString());
  }
  absl::StrAppend(&line, " type ", route.type, " scope ", route.scope,
                  " proto ", route.protocol);
  if (route.metric != 0) absl::StrAppend(&line, " metric ", route.metric);
  if (route.onlink) absl::StrAppend(&line, " onlink");
  return line;
}

std::string LineOf(const netlink::Rule& rule) {
  std::string line = absl::StrCat(rule.priority, ":");
  absl::StrAppend(&line, " from ", rule.from ? rule.from->ToString() : "all");
  if (rule.to) absl::StrAppend(&line, " to ", rule.to->ToString());
  if (rule.mark) absl::StrAppend(&line, " fwmark 0x", absl::Hex(*rule.mark));
  if (rule.mark_mask) {
    absl::StrAppend(&line, "/0x", absl::Hex(*rule.mark_mask));
  }
  return absl::StrCat(line, " lookup ", rule.table);
}

std::string LineOf(const netlink::Neighbor& neighbor) {
  std::string line =
      absl::StrCat(neighbor.address.ToString(), Where(neighbor.ifindex));
  if (neighbor.mac) absl::StrAppend(&line, " mac ", neighbor.mac->ToString());
  if (neighbor.proxy) return absl::StrCat(line, " proxy");
  return absl::StrCat(line, " state 0x", absl::Hex(neighbor.state));
}

std::vector<TarFile> LookAtKernel() {
  auto socket = netlink::Socket::Open();
  if (!socket.ok()) {
    return {{"error.txt", absl::StrCat(socket.status().message(), "\n")}};
  }
  return {
      {"links.txt", Lines(netlink::ListLinks(*socket))},
      {"addresses.txt", Lines(netlink::ListAddresses(*socket, 0))},
      {"routes.txt", Routes(*socket)},
      {"rules.txt", Rules(*socket)},
      {"neighbours.txt", absl::StrCat(Lines(netlink::ListNeighbors(*socket, 0)),
                                      Lines(netlink::ListProxies(*socket, 0)))},
  };
}

}  // namespace applets::ctl
