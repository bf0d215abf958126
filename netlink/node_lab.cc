#include "netlink/node_lab.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/random/random.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/route.h"

namespace netlink {
namespace {

constexpr uint32_t kMainIfindex = 10;
constexpr base::Ipv4 kRouter(0x0a0000fe);

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

void LayWire(Socket& host, int wire_fd) {
  Require(host.Transact(CreateVeth(
      {.inner = {kMainIfindex, "eth0", base::Mac({2, 0, 0, 0, 1, 2}), 1500},
       .netns_fd = wire_fd,
       .outer = {kMainIfindex + 1, "eth0", base::Mac({2, 0, 0, 0, 1, 1}),
                 1500}})));
  Require(host.Transact(ChangeLink(
      {.ifindex = kMainIfindex + 1, .state = LinkChange::State::kUp})));
  Require(host.Transact(AddAddress({.ifindex = kMainIfindex + 1,
                                    .address = NodeLab::kNodeAddress,
                                    .prefix_length = 24})));
  Require(host.Transact(
      AddRoute({.ifindex = kMainIfindex + 1, .gateway = kRouter})));
  Socket wire = Require(SocketIn(wire_fd));
  Require(wire.Transact(AddAddress({.ifindex = kMainIfindex,
                                    .address = NodeLab::kWireAddress,
                                    .prefix_length = 24})));
}

Node MakeNode(Socket& host, int wire_fd) {
  LayWire(host, wire_fd);
  Node node = Require(FindNode(host));
  Require(PrepareNode(Sysctl(), node.name));
  return node;
}

}  // namespace

NodeLab::NodeLab()
    : wire_(MakeNetns()),
      host_(Require(Socket::Open())),
      main_(MakeNode(host_, wire_.get())) {}

PodNetwork NodeLab::Plan(const std::string& id, const std::string& pod,
                         uint8_t last) const {
  absl::BitGen random;
  const VethIndexes indexes = ChooseIndexes(random);
  return {.pod_ifname = "eth0",
          .host_ifname = HostIfname("default", pod),
          .alias = AttachmentAlias(id, "eth0"),
          .address = base::Ipv4(0x0a000000 | last),
          .node_address = main_.address,
          .node_ifindex = main_.ifindex,
          .mtu_bytes = 1452,
          .pod_mac = base::Mac({2, 0, 0, 1, 0, last}),
          .host_mac = base::Mac({2, 0, 0, 2, 0, last}),
          .pod_ifindex = indexes.pod,
          .host_ifindex = indexes.host};
}

}  // namespace netlink
