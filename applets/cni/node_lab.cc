#include "applets/cni/node_lab.h"

#include <fcntl.h>
#include <sched.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/pod_network.h"
#include "netlink/rule.h"

namespace applets::cni {
namespace {

constexpr base::Ipv4 kAddress(0x0a7e000b);  // 10.126.0.11
constexpr int kPrefixLength = 16;
constexpr uint32_t kIfindex = 100;
constexpr uint32_t kMtuBytes = 1500;
constexpr size_t kNoCount = 9999;

}  // namespace

NodeLab::NodeLab() : home_(OwnNetns()) {
  EXPECT_EQ(unshare(CLONE_NEWNET), 0) << "must be root";
  fabric_ = NewNetns();
  netlink::VethPair pair;
  pair.inner = {kIfindex + 1, "fabric", base::Mac::LocallyAdministered(1),
                kMtuBytes};
  pair.netns_fd = fabric_.get();
  pair.outer = {kIfindex, "eth0", base::Mac::LocallyAdministered(2), kMtuBytes};
  Must(netlink::CreateVeth(pair));
  Must(netlink::ChangeLink(
      {.ifindex = kIfindex, .state = netlink::LinkChange::State::kUp}));
  Must(netlink::AddAddress({.ifindex = kIfindex,
                            .address = kAddress,
                            .prefix_length = kPrefixLength}));
}

NodeLab::~NodeLab() { EXPECT_EQ(setns(home_.get(), CLONE_NEWNET), 0); }

rpc::NodeInterface NodeLab::Interface() {
  return {"eth0", kIfindex, kMtuBytes, kAddress};
}

base::Fd NodeLab::OwnNetns() {
  return base::Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

base::Fd NodeLab::NewNetns() {
  const base::Fd here = OwnNetns();
  EXPECT_EQ(unshare(CLONE_NEWNET), 0);
  base::Fd made = OwnNetns();
  EXPECT_EQ(setns(here.get(), CLONE_NEWNET), 0);
  return made;
}

std::string NodeLab::PathOf(const base::Fd& netns) {
  return absl::StrCat("/proc/self/fd/", netns.get());
}

netlink::Socket NodeLab::Host() {
  auto socket = netlink::Socket::Open();
  EXPECT_TRUE(socket.ok()) << socket.status();
  return *std::move(socket);
}

void NodeLab::Must(const netlink::Request& request) {
  const absl::Status status = Host().Transact(request);
  EXPECT_TRUE(status.ok()) << status;
}

bool NodeLab::HasLink(absl::string_view name) {
  return netlink::GetIfindex(Host(), name).ok();
}

bool NodeLab::PodHasLink(const base::Fd& pod, absl::string_view name) {
  const auto socket = netlink::SocketIn(pod.get());
  return socket.ok() && netlink::GetIfindex(*socket, name).ok();
}

size_t NodeLab::HostEnds() {
  netlink::Socket host = Host();
  const auto links = netlink::ListLinks(host, "veth");
  return links.ok() ? links->size() - 1 : kNoCount;  // but eth0
}

size_t NodeLab::Rules() {
  netlink::Socket host = Host();
  const auto rules = netlink::ListRules(host, netlink::kPodRulePriority);
  return rules.ok() ? rules->size() : kNoCount;
}

}  // namespace applets::cni
