#include "applets/upgrade/scratch.h"

#include <fcntl.h>
#include <sched.h>

#include <thread>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/route.h"
#include "netlink/socket.h"

namespace applets::upgrade {
namespace {

constexpr base::Ipv4 kNodeAddress(0xc000020a);     // 192.0.2.10
constexpr base::Ipv4 kGatewayAddress(0xc0000201);  // 192.0.2.1
constexpr int kPrefixLength = 24;
constexpr uint32_t kNodeIfindex = 2;
constexpr uint32_t kMtuBytes = 1500;

// By a thread of its own, which ends there: ours stays where it is.
absl::StatusOr<base::Fd> MakeNetns() {
  absl::StatusOr<base::Fd> made;
  std::thread([&made] {
    made = unshare(CLONE_NEWNET) == 0
               ? base::Open("/proc/thread-self/ns/net", O_RDONLY)
               : base::ErrnoStatus("make a network namespace");
  }).join();
  return made;
}

absl::Status SetUp(netlink::Socket& socket, const char* link) {
  return socket.Transact(netlink::ChangeLink(
      {.name = link, .state = netlink::LinkChange::State::kUp}));
}

}  // namespace

absl::StatusOr<base::Fd> MakePodNetns() {
  ASSIGN_OR_RETURN(base::Fd netns, MakeNetns());
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::SocketIn(netns.get()));
  RETURN_IF_ERROR(SetUp(socket, "lo"));
  return netns;
}

absl::StatusOr<ScratchNode> MakeScratchNode() {
  ScratchNode node;
  ASSIGN_OR_RETURN(node.netns, MakePodNetns());
  ASSIGN_OR_RETURN(node.fabric, MakeNetns());
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::SocketIn(node.netns.get()));
  netlink::VethPair pair;
  pair.inner = {0, "fabric", base::Mac::LocallyAdministered(1), kMtuBytes};
  pair.netns_fd = node.fabric.get();
  pair.outer = {kNodeIfindex, "eth0", base::Mac::LocallyAdministered(2),
                kMtuBytes};
  RETURN_IF_ERROR(socket.Transact(netlink::CreateVeth(pair)));
  RETURN_IF_ERROR(SetUp(socket, "eth0"));
  RETURN_IF_ERROR(
      socket.Transact(netlink::AddAddress({.ifindex = kNodeIfindex,
                                           .address = kNodeAddress,
                                           .prefix_length = kPrefixLength})));
  RETURN_IF_ERROR(socket.Transact(netlink::AddRoute(
      {.ifindex = kNodeIfindex, .gateway = kGatewayAddress})));
  return node;
}

}  // namespace applets::upgrade
