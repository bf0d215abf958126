#include "netlink/further_interface.h"

#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/pod_parts.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

constexpr uint32_t kFirstTable = 1000;

absl::StatusOr<Link> FindLink(Socket& host, const base::Mac& mac) {
  ASSIGN_OR_RETURN(const auto links, ListLinks(host));
  for (const Link& link : links) {
    if (link.mac == mac && link.hardware_type == ARPHRD_ETHER &&
        link.kind != "bridge" && !IsHostIfname(link.name)) {
      return link;
    }
  }
  return absl::NotFoundError(
      absl::StrCat("no interface has the MAC ", mac.ToString(), " yet"));
}

// The stricter one of the interface's own and that of all counts (ip-sysctl).
bool IsStrict(const Sysctl& sysctl, absl::string_view ifname) {
  const auto all = sysctl.Get("net/ipv4/conf/all/rp_filter");
  const auto own =
      sysctl.Get(absl::StrCat("net/ipv4/conf/", ifname, "/rp_filter"));
  return all.ok() && own.ok() && std::max(*all, *own) == "1";
}

absl::Status SetSwitches(const Sysctl& sysctl, const Node& main,
                         const std::string& ifname) {
  RETURN_IF_ERROR(PrepareNode(sysctl, ifname));
  std::vector<std::pair<std::string, std::string>> settings;
  const std::string conf = absl::StrCat("net/ipv4/conf/", ifname, "/");
  settings.emplace_back(conf + "forwarding", "1");
  settings.emplace_back(conf + "arp_ignore", "1");
  settings.emplace_back(conf + "arp_announce", "2");
  if (IsStrict(sysctl, main.name)) {
    settings.emplace_back(
        absl::StrCat("net/ipv4/conf/", main.name, "/rp_filter"), "2");
  }
  for (const auto& [name, value] : settings) {
    RETURN_IF_ERROR(base::Annotate(
        sysctl.Set(name, value),
        absl::StrCat("the node needs `sysctl -w ", name, "=", value, "`")));
  }
  return absl::OkStatus();
}

absl::Status SetUpLink(Socket& host, const Node& main, const Link& link) {
  LinkChange change = {.ifindex = link.index};
  if (!link.up()) change.state = LinkChange::State::kUp;
  if (link.mtu_bytes > main.mtu_bytes) change.mtu_bytes = main.mtu_bytes;
  if (link.up() && !change.mtu_bytes) return absl::OkStatus();
  return base::Annotate(host.Transact(ChangeLink(change)),
                        absl::StrCat("set ", link.name, " up"));
}

// The route that comes with an address that somebody else, such as a DHCP
// client, has given it.
Route PrefixRoute(const Node& node) {
  return {.destination =
              base::Ipv4Prefix::Containing(node.address, node.prefix_length),
          .ifindex = node.ifindex};
}

InterfaceAddress OwnAddress(const Node& node) {
  return {.ifindex = node.ifindex,
          .address = node.address,
          .prefix_length = node.prefix_length,
          .flags = IFA_F_NOPREFIXROUTE};
}

absl::Status GiveAddress(Socket& host, const Node& node) {
  RETURN_IF_ERROR(base::Annotate(
      IgnoreExisting(host.Transact(AddAddress(OwnAddress(node)))),
      absl::StrCat("give ", node.name, " its address")));
  return base::Annotate(
      IgnoreMissing(host.Transact(RemoveRoute(PrefixRoute(node)))),
      absl::StrCat("keep what isn't of ", node.name, " away from it"));
}

std::vector<Route> RoutesOf(const Node& node) {
  Route subnet = PrefixRoute(node);
  subnet.table = node.table;
  subnet.scope = RT_SCOPE_LINK;
  return {subnet,
          {.ifindex = node.ifindex,
           .gateway = node.gateway,
           .table = node.table,
           .onlink = true}};
}

absl::Status FillTable(Socket& host, const Node& node) {
  Batch batch;
  for (const Route& route : RoutesOf(node)) batch.Add(ReplaceRoute(route));
  for (const absl::Status& status : host.Transact(batch)) {
    RETURN_IF_ERROR(base::Annotate(
        status,
        absl::StrCat("fill the table ", node.table, " of ", node.name)));
  }
  return absl::OkStatus();
}

Rule ReturnRule() {
  return {.priority = kReturnRulePriority,
          .mark = kReturnMark,
          .mark_mask = kReturnMark};
}

absl::Status AddRules(Socket& host, const Node& node) {
  RETURN_IF_ERROR(
      base::Annotate(IgnoreExisting(host.Transact(AddRule(ReturnRule()))),
                     "add the policy rule for answers by the main interface"));
  const Rule own = PodSourceRule(node.address, node.table);
  ASSIGN_OR_RETURN(const bool found, HasRule(host, own));
  if (found) return absl::OkStatus();
  // One with another table is of an earlier attachment.
  RETURN_IF_ERROR(
      IgnoreMissing(host.Transact(RemoveRule(PodSourceRule(node.address, 0)))));
  return base::Annotate(
      IgnoreExisting(host.Transact(AddRule(own))),
      absl::StrCat("add the policy rule for what ", node.name, " sends"));
}

absl::Status MarkWhatIsFromOutside(const Node& main) {
  absl::Status status = MarkConnections(main.name);
  if (!absl::IsUnimplemented(status)) return status;
  LOG(WARNING) << "connections from outside to ports of this node that go on "
                  "to pods on further interfaces are answered by the wrong "
                  "interface: "
               << status.message();
  return absl::OkStatus();
}

}  // namespace

uint32_t TableOf(const Link& link) {
  absl::string_view name = link.name;
  uint32_t number = 0;
  constexpr size_t kMostDigits = 4;
  if (absl::ConsumePrefix(&name, "eth") && name.size() <= kMostDigits &&
      absl::SimpleAtoi(name, &number)) {
    return kFirstTable + number;
  }
  return kFirstTable + link.index;
}

absl::StatusOr<Node> PrepareFurther(Socket& host, const Sysctl& sysctl,
                                    const Node& main,
                                    const FurtherInterface& wanted) {
  ASSIGN_OR_RETURN(const Link link, FindLink(host, wanted.mac));
  const Node node = {.name = link.name,
                     .ifindex = link.index,
                     .mac = link.mac,
                     .mtu_bytes = std::min(link.mtu_bytes, main.mtu_bytes),
                     .address = wanted.address,
                     .prefix_length = wanted.subnet.length(),
                     .table = TableOf(link),
                     .gateway = wanted.gateway};
  if (node.ifindex == main.ifindex) {
    return absl::FailedPreconditionError(
        absl::StrCat(node.name, " is the node's main interface"));
  }
  RETURN_IF_ERROR(SetSwitches(sysctl, main, node.name));
  RETURN_IF_ERROR(SetUpLink(host, main, link));
  RETURN_IF_ERROR(GiveAddress(host, node));
  RETURN_IF_ERROR(FillTable(host, node));
  RETURN_IF_ERROR(AddRules(host, node));
  RETURN_IF_ERROR(MarkWhatIsFromOutside(main));
  return node;
}

absl::Status AbandonFurther(Socket& host, const Node& further) {
  Batch batch;
  batch.Add(RemoveRule(PodSourceRule(further.address, 0)));
  for (const Route& route : RoutesOf(further)) batch.Add(RemoveRoute(route));
  InterfaceAddress address = OwnAddress(further);
  address.flags = 0;
  batch.Add(RemoveAddress(address));
  batch.Add(ChangeLink(
      {.ifindex = further.ifindex, .state = LinkChange::State::kDown}));
  for (const absl::Status& status : host.Transact(batch)) {
    RETURN_IF_ERROR(IgnoreMissing(status));
  }
  return absl::OkStatus();
}

}  // namespace netlink
