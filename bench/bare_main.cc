// The floor under ADD, CHECK and DEL: the same calls of the kernel for the same
// network, and nothing else: no configuration, no ipamd, no store, no result.
// A contender for driver; the pod's number in CNI_CONTAINERID, "pod-N", makes
// its address.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/address.h"
#include "base/status.h"
#include "netlink/attachment.h"
#include "netlink/netns.h"
#include "netlink/node.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace bench {
namespace {

constexpr char kIfname[] = "eth0";
constexpr uint32_t kFirstAddress = 0x0a7e5000;  // 10.126.80.0
constexpr uint32_t kMtuBytes = 1452;

absl::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<netlink::PodNetwork> Network(const netlink::Node& node) {
  const absl::string_view id = Variable("CNI_CONTAINERID");
  uint32_t number = 0;
  if (!absl::SimpleAtoi(absl::StripPrefix(id, "pod-"), &number)) {
    return absl::InvalidArgumentError("CNI_CONTAINERID isn't pod-N");
  }
  netlink::PodNetwork network;
  network.pod_ifname = kIfname;
  network.host_ifname = netlink::HostIfname("bare", id);
  network.alias = absl::StrCat("bare:", id);  // none of ipamd's
  network.address = base::Ipv4(kFirstAddress + number);
  network.node_address = node.address;
  network.node_ifindex = node.ifindex;
  network.mtu_bytes = kMtuBytes;
  network.pod_mac = base::Mac::LocallyAdministered(2 * number);
  network.host_mac = base::Mac::LocallyAdministered(2 * number + 1);
  return network;
}

absl::Status Add(netlink::Socket& host, netlink::PodNetwork network) {
  ASSIGN_OR_RETURN(const base::Fd netns,
                   netlink::OpenNetns(std::string(Variable("CNI_NETNS"))));
  std::minstd_rand random(network.address.bits());
  const netlink::VethIndexes indexes = netlink::ChooseIndexes(random);
  network.pod_ifindex = indexes.pod;
  network.host_ifindex = indexes.host;
  return netlink::SetUp(host, netns.get(), network, random).status();
}

absl::Status Check(netlink::Socket& host, const netlink::PodNetwork& network) {
  ASSIGN_OR_RETURN(const base::Fd netns,
                   netlink::OpenNetns(std::string(Variable("CNI_NETNS"))));
  return netlink::Check(host, netns.get(), network);
}

absl::Status Delete(netlink::Socket& host, const netlink::PodNetwork& network) {
  return netlink::TearDown(host, {.alias = network.alias,
                                  .host_ifname = network.host_ifname,
                                  .address = network.address,
                                  .node_ifindex = network.node_ifindex});
}

absl::Status Main() {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(const netlink::Node node, netlink::FindNode(host, "eth0"));
  ASSIGN_OR_RETURN(const netlink::PodNetwork network, Network(node));
  const absl::string_view verb = Variable("CNI_COMMAND");
  if (verb == "ADD") return Add(host, network);
  if (verb == "CHECK") return Check(host, network);
  return Delete(host, network);
}

}  // namespace
}  // namespace bench

int main() {
  const absl::Status status = bench::Main();
  if (status.ok()) return 0;
  std::fprintf(stderr, "bare: %s\n", status.ToString().c_str());
  return 1;
}
