#include "netlink/two_nets_lab.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include "absl/strings/str_cat.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/request.h"
#include "netlink/require.h"
#include "netlink/route.h"
#include "netlink/sysctl.h"

namespace netlink {
namespace {

void Set(int netns_fd, const std::string& name, const std::string& value) {
  const auto scope = NetnsScope::Enter(netns_fd);
  Require(scope.status());
  Require(Sysctl().Set(name, value));
}

}  // namespace

void Give(Socket& socket, const std::string& ifname, base::Ipv4 address,
          int prefix_length) {
  Require(socket.Transact(
      AddAddress({.ifindex = Require(GetIfindex(socket, ifname)),
                  .address = address,
                  .prefix_length = prefix_length})));
}

Vpc::Vpc() : socket_(Require(SocketIn(netns_.get()))) {
  const uint32_t lo = Require(GetIfindex(socket_, "lo"));
  Require(socket_.Transact(
      ChangeLink({.ifindex = lo, .state = LinkChange::State::kUp})));
  Give(socket_, "lo", kMainGateway, 32);
  Give(socket_, "lo", kFurtherGateway, 32);
  Set(netns_.get(), "net/ipv4/ip_forward", "1");
  Set(netns_.get(), "net/ipv4/conf/all/rp_filter", "1");
}

void Vpc::Plug(int node_fd, const std::string& ifname, const std::string& port,
               const base::Mac& mac) {
  Require(socket_.Transact(
      CreateVeth({.inner = {.name = ifname, .mac = mac, .mtu_bytes = 1500},
                  .netns_fd = node_fd,
                  .outer = {.name = port, .mtu_bytes = 1500}})));
  Require(socket_.Transact(
      ChangeLink({.name = port, .state = LinkChange::State::kUp})));
  Set(netns_.get(), absl::StrCat("net/ipv4/conf/", port, "/proxy_arp"), "1");
  Set(netns_.get(), absl::StrCat("net/ipv4/neigh/", port, "/proxy_delay"), "0");
}

void Vpc::Own(const std::string& port, base::Ipv4 address) {
  Require(socket_.Transact(
      AddRoute({.destination = base::Ipv4Prefix::Containing(address, 32),
                .ifindex = Require(GetIfindex(socket_, port)),
                .scope = RT_SCOPE_LINK})));
}

NodeWithTwo::NodeWithTwo(Vpc& vpc, const std::string& name, uint8_t last,
                         int rp_filter)
    : vpc_(vpc),
      name_(name),
      last_(last),
      host_(Require(SocketIn(netns_.get()))) {
  for (const char* conf : {"all", "default"}) {
    Set(netns_.get(), absl::StrCat("net/ipv4/conf/", conf, "/rp_filter"),
        absl::StrCat(rp_filter));
  }
  vpc_.Plug(netns_.get(), "eth0", name + "-eth0", MacOf(0));
  vpc_.Own(name + "-eth0", InMain(last));
  Require(host_.Transact(
      ChangeLink({.name = "eth0", .state = LinkChange::State::kUp})));
  Give(host_, "eth0", InMain(last), 24);
  Require(
      host_.Transact(AddRoute({.ifindex = Require(GetIfindex(host_, "eth0")),
                               .gateway = kMainGateway})));
  main_ = Require(FindNode(host_, "eth0"));
  const auto scope = NetnsScope::Enter(netns_.get());
  Require(PrepareNode(Sysctl(), "eth0"));
}

void NodeWithTwo::PlugFurther() {
  vpc_.Plug(netns_.get(), "eth1", name_ + "-eth1", MacOf(1));
  vpc_.Own(name_ + "-eth1", InFurther(last_));
}

absl::StatusOr<Node> NodeWithTwo::Prepare() {
  const auto scope = NetnsScope::Enter(netns_.get());
  auto further = PrepareFurther(host_, Sysctl(), main_, Wanted());
  if (further.ok()) further_ = *further;
  return further;
}

FurtherInterface NodeWithTwo::Wanted() const {
  return {MacOf(1), InFurther(last_), SubnetOf(InFurther(0)), kFurtherGateway};
}

std::unique_ptr<LabPod> NodeWithTwo::Start(const std::string& id,
                                           base::Ipv4 address) {
  const bool further = SubnetOf(InFurther(0)).Contains(address);
  const Node& node = further ? further_ : main_;
  const VethIndexes indexes = ChooseIndexes(random_);
  auto pod = std::make_unique<LabPod>();
  const auto last = static_cast<uint8_t>(address.bits() & 0xff);
  pod->network = {.pod_ifname = "eth0",
                  .host_ifname = HostIfname("default", id),
                  .alias = AttachmentAlias(id, "eth0"),
                  .address = address,
                  .node_address = main_.address,
                  .node_ifindex = node.ifindex,
                  .table = node.table,
                  .mtu_bytes = node.mtu_bytes,
                  .pod_mac = base::Mac({2, 0, 0, 1, last_, last}),
                  .host_mac = base::Mac({2, 0, 0, 2, last_, last}),
                  .pod_ifindex = indexes.pod,
                  .host_ifindex = indexes.host};
  vpc_.Own(absl::StrCat(name_, further ? "-eth1" : "-eth0"), address);
  pod->network = Require(SetUp(host_, pod->netns.get(), pod->network, random_));
  return pod;
}

std::string NodeWithTwo::Get(const std::string& name) const {
  const auto scope = NetnsScope::Enter(netns_.get());
  return Require(Sysctl().Get(name));
}

base::Mac NodeWithTwo::MacOf(uint8_t number) const {
  return base::Mac({2, 0, 0, 9, last_, number});
}

std::optional<base::Ipv4> AnswerFrom(int from_netns, base::Ipv4 node,
                                     uint16_t port, const LabPod& pod,
                                     int attempts) {
  const base::Fd server = Udp(pod.netns.get(), pod.network.address);
  const base::Fd client = Udp(from_netns, std::nullopt);
  const sockaddr_in at = At(node, port);
  for (int i = 0; i < attempts; ++i) {
    if (!Send(client, at)) continue;
    const auto from = Hear(server);
    if (!from || !Send(server, *from)) continue;
    const auto answer = Hear(client);
    if (answer) return base::Ipv4(ntohl(answer->sin_addr.s_addr));
  }
  return std::nullopt;
}

}  // namespace netlink
