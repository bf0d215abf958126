#include "netlink/further_interface.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/attachment.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/pod_repair.h"
#include "netlink/pod_teardown.h"
#include "netlink/return_mark.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint16_t kPort = 7;
// The kernel throws away what a new link sends before it has seen its carrier.
constexpr int kAttempts = 20;
constexpr timeval kPatience = {0, 200000};
// For what must not arrive.
constexpr int kFewAttempts = 3;

constexpr base::Ipv4 kMainGateway{0x0a0000fe};     // 10.0.0.254
constexpr base::Ipv4 kFurtherGateway{0x0a0100fe};  // 10.1.0.254

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::abort();
}
template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

base::Ipv4 InMain(uint8_t last) { return base::Ipv4(0x0a000000 | last); }
base::Ipv4 InFurther(uint8_t last) { return base::Ipv4(0x0a010000 | last); }
base::Ipv4Prefix Subnet(base::Ipv4 address) {
  return base::Ipv4Prefix::Containing(address, 24);
}

void Set(int netns_fd, const std::string& name, const std::string& value) {
  const auto scope = NetnsScope::Enter(netns_fd);
  Require(scope.status());
  Require(Sysctl().Set(name, value));
}

void Give(Socket& socket, const std::string& ifname, base::Ipv4 address,
          int prefix_length) {
  Require(socket.Transact(
      AddAddress({.ifindex = Require(GetIfindex(socket, ifname)),
                  .address = address,
                  .prefix_length = prefix_length})));
}

// The cloud's network: a router between all interfaces, which knows what
// address is behind which, answers ARP for the others, and drops what comes
// from an address that isn't its interface's (strict rp_filter).
class Vpc {
 public:
  Vpc() : socket_(Require(SocketIn(netns_.get()))) {
    const uint32_t lo = Require(GetIfindex(socket_, "lo"));
    Require(socket_.Transact(
        ChangeLink({.ifindex = lo, .state = LinkChange::State::kUp})));
    Give(socket_, "lo", kMainGateway, 32);
    Give(socket_, "lo", kFurtherGateway, 32);
    Set(netns_.get(), "net/ipv4/ip_forward", "1");
    Set(netns_.get(), "net/ipv4/conf/all/rp_filter", "1");
  }
  int netns_fd() const { return netns_.get(); }

  // A wire to `ifname` of a namespace.
  void Plug(int node_fd, const std::string& ifname, const std::string& port,
            const base::Mac& mac) {
    Require(socket_.Transact(
        CreateVeth({.inner = {.name = ifname, .mac = mac, .mtu_bytes = 1500},
                    .netns_fd = node_fd,
                    .outer = {.name = port, .mtu_bytes = 1500}})));
    Require(socket_.Transact(
        ChangeLink({.name = port, .state = LinkChange::State::kUp})));
    Set(netns_.get(), absl::StrCat("net/ipv4/conf/", port, "/proxy_arp"), "1");
    Set(netns_.get(), absl::StrCat("net/ipv4/neigh/", port, "/proxy_delay"),
        "0");
  }
  void Own(const std::string& port, base::Ipv4 address) {
    Require(socket_.Transact(
        AddRoute({.destination = base::Ipv4Prefix::Containing(address, 32),
                  .ifindex = Require(GetIfindex(socket_, port)),
                  .scope = 253 /* link */})));
  }

 private:
  base::Fd netns_ = MakeNetns();
  Socket socket_;
};

// A pod's namespace and network.
struct Pod {
  base::Fd netns = MakeNetns();
  PodNetwork network = {};
};

// A node with eth0 in 10.0.0.0/24 and eth1 for 10.1.0.0/24.
class NodeWithTwo {
 public:
  NodeWithTwo(Vpc& vpc, const std::string& name, uint8_t last, int rp_filter)
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

  void PlugFurther() {
    vpc_.Plug(netns_.get(), "eth1", name_ + "-eth1", MacOf(1));
    vpc_.Own(name_ + "-eth1", InFurther(last_));
  }
  absl::StatusOr<Node> Prepare() {
    const auto scope = NetnsScope::Enter(netns_.get());
    auto further = PrepareFurther(host_, Sysctl(), main_, Wanted());
    if (further.ok()) further_ = *further;
    return further;
  }
  FurtherInterface Wanted() const {
    return {MacOf(1), InFurther(last_), Subnet(InFurther(0)), kFurtherGateway};
  }

  std::unique_ptr<Pod> Start(const std::string& id, base::Ipv4 address) {
    const bool further = Subnet(InFurther(0)).Contains(address);
    const Node& node = further ? further_ : main_;
    const VethIndexes indexes = ChooseIndexes(random_);
    auto pod = std::make_unique<Pod>();
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
    pod->network =
        Require(SetUp(host_, pod->netns.get(), pod->network, random_));
    return pod;
  }

  int netns_fd() const { return netns_.get(); }
  Socket& host() { return host_; }
  const Node& main() const { return main_; }
  const Node& further() const { return further_; }
  std::string Get(const std::string& name) {
    const auto scope = NetnsScope::Enter(netns_.get());
    return Require(Sysctl().Get(name));
  }

 private:
  base::Mac MacOf(uint8_t number) const {
    return base::Mac({2, 0, 0, 9, last_, number});
  }

  Vpc& vpc_;
  const std::string name_;
  const uint8_t last_;
  base::Fd netns_ = MakeNetns();
  Socket host_;
  Node main_;
  Node further_;
  absl::BitGen random_;
};

sockaddr_in At(base::Ipv4 address, uint16_t port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = address.network_order();
  return at;
}

base::Fd Udp(int netns_fd, std::optional<base::Ipv4> local) {
  const auto scope = NetnsScope::Enter(netns_fd);
  Require(scope.status());
  base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  if (!local) return fd;
  const sockaddr_in at = At(*local, kPort);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)),
            0);
  return fd;
}

bool Send(const base::Fd& from, const sockaddr_in& to) {
  const char byte = 'x';
  return sendto(from.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&to),
                sizeof(to)) == 1;
}

std::optional<sockaddr_in> Hear(const base::Fd& ear) {
  char byte;
  sockaddr_in from = {};
  socklen_t size = sizeof(from);
  if (recvfrom(ear.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from),
               &size) != 1) {
    return std::nullopt;
  }
  return from;
}

// The address that a datagram to `to` came from, once its answer came back.
std::optional<base::Ipv4> Reaches(int from_netns, int to_netns, base::Ipv4 to,
                                  int attempts = kAttempts) {
  const base::Fd server = Udp(to_netns, to);
  const base::Fd client = Udp(from_netns, std::nullopt);
  const sockaddr_in at = At(to, kPort);
  for (int i = 0; i < attempts; ++i) {
    if (!Send(client, at)) continue;
    const auto from = Hear(server);
    if (from && Send(server, *from) && Hear(client)) {
      return base::Ipv4(ntohl(from->sin_addr.s_addr));
    }
  }
  return std::nullopt;
}

// Whatever rp_filter the distribution sets: none, strict, loose.
class FurtherInterfaceTest : public ::testing::TestWithParam<int> {
 protected:
  FurtherInterfaceTest() {
    for (NodeWithTwo* node : {&a_, &b_}) {
      node->PlugFurther();
      Require(node->Prepare().status());
    }
  }

  Vpc vpc_;
  NodeWithTwo a_{vpc_, "a", 1, GetParam()};
  NodeWithTwo b_{vpc_, "b", 2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(RpFilter, FurtherInterfaceTest,
                         ::testing::Values(0, 1, 2));

TEST_P(FurtherInterfaceTest, PodsOfTheSubnetReachEachOtherAcrossNodes) {
  const auto p = a_.Start("p", InFurther(10));
  const auto q = b_.Start("q", InFurther(20));
  EXPECT_EQ(Reaches(p->netns.get(), q->netns.get(), InFurther(20)),
            InFurther(10));
  EXPECT_EQ(Reaches(q->netns.get(), p->netns.get(), InFurther(10)),
            InFurther(20));
}

TEST_P(FurtherInterfaceTest, PodsOfTheSubnetReachEachOtherOnOneNode) {
  const auto p = a_.Start("p", InFurther(10));
  const auto q = a_.Start("q", InFurther(11));
  EXPECT_EQ(Reaches(p->netns.get(), q->netns.get(), InFurther(11)),
            InFurther(10));
}

TEST_P(FurtherInterfaceTest, PodsOfTheNodesOwnSubnetAreReachedBothWays) {
  const auto p = a_.Start("p", InFurther(10));
  const auto here = a_.Start("here", InMain(50));
  const auto there = b_.Start("there", InMain(60));
  for (const Pod* own : {here.get(), there.get()}) {
    const base::Ipv4 address = own->network.address;
    EXPECT_EQ(Reaches(p->netns.get(), own->netns.get(), address),
              InFurther(10));
    EXPECT_EQ(Reaches(own->netns.get(), p->netns.get(), InFurther(10)),
              address);
  }
}

TEST_P(FurtherInterfaceTest, NodesReachThePodByTheirMainAddressAndItThem) {
  const auto p = a_.Start("p", InFurther(10));
  EXPECT_EQ(Reaches(a_.netns_fd(), p->netns.get(), InFurther(10)), InMain(1));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10)), InMain(2));
  EXPECT_EQ(Reaches(p->netns.get(), a_.netns_fd(), InMain(1)), InFurther(10));
  EXPECT_EQ(Reaches(p->netns.get(), b_.netns_fd(), InMain(2)), InFurther(10));
}

TEST_P(FurtherInterfaceTest, TheInterfacesOwnAddressAnswersByIt) {
  EXPECT_EQ(Reaches(b_.netns_fd(), a_.netns_fd(), InFurther(1)), InMain(2));
}

TEST_P(FurtherInterfaceTest, WhatGoesWhenTheLinkGoesDownIsMadeAnew) {
  const auto p = a_.Start("p", InFurther(10));
  const uint32_t ifindex = a_.further().ifindex;
  Require(a_.host().Transact(
      ChangeLink({.ifindex = ifindex, .state = LinkChange::State::kDown})));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10), kFewAttempts),
            std::nullopt);
  Require(a_.Prepare().status());
  // The proxy has gone with it: the mender's business.
  Require(a_.host().Transact(RequestFor(PodPart::kProxy, p->network)));
  EXPECT_EQ(Reaches(b_.netns_fd(), p->netns.get(), InFurther(10)), InMain(2));
}

// As the portmap plugin does.
void MapPort(int netns_fd, base::Ipv4 node, uint16_t port, base::Ipv4 pod) {
  const auto scope = NetnsScope::Enter(netns_fd);
  const std::string command =
      absl::StrCat("/usr/sbin/iptables -t nat -A PREROUTING -p udp -d ",
                   node.ToString(), " --dport ", port,
                   " -j DNAT --to-destination ", pod.ToString(), ":", kPort);
  ASSERT_EQ(std::system(command.c_str()), 0);
}

// Who answers what is sent to a node's port.
std::optional<base::Ipv4> AnswerFrom(int from_netns, base::Ipv4 node,
                                     uint16_t port, const Pod& pod,
                                     int attempts = kAttempts) {
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

// The answer bears the node's address, so eth1 mustn't send it.
TEST_P(FurtherInterfaceTest, AHostPortIsAnsweredByTheMainInterface) {
  constexpr uint16_t kHostPort = 8080;
  const auto p = a_.Start("p", InFurther(10));
  MapPort(a_.netns_fd(), InMain(1), kHostPort, InFurther(10));
  EXPECT_EQ(AnswerFrom(b_.netns_fd(), InMain(1), kHostPort, *p), InMain(1));
  {
    const auto scope = NetnsScope::Enter(a_.netns_fd());
    EXPECT_EQ(ForgetConnections(), absl::OkStatus());
  }
  EXPECT_EQ(AnswerFrom(b_.netns_fd(), InMain(1), kHostPort, *p, kFewAttempts),
            std::nullopt);
}

class PrepareFurtherTest : public ::testing::Test {
 protected:
  std::vector<Rule> RulesOf(uint32_t priority) {
    return Require(ListRules(a_.host(), priority));
  }
  std::vector<Route> TableOf(uint32_t table) {
    return Require(ListRoutes(a_.host(), {.table = table}));
  }

  Vpc vpc_;
  NodeWithTwo a_{vpc_, "a", 1, 1};
};

TEST_F(PrepareFurtherTest, WaitsForTheLink) {
  EXPECT_EQ(a_.Prepare().status().code(), absl::StatusCode::kNotFound);
  a_.PlugFurther();
  const auto further = a_.Prepare();
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(further->name, "eth1");
  EXPECT_EQ(further->address, InFurther(1));
  EXPECT_EQ(further->prefix_length, 24);
  EXPECT_EQ(further->table, 1001u);
  EXPECT_EQ(further->gateway, kFurtherGateway);
}

TEST_F(PrepareFurtherTest, MayBeRepeated) {
  a_.PlugFurther();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(a_.Prepare().ok());
    EXPECT_THAT(TableOf(1001), SizeIs(2));
    EXPECT_THAT(RulesOf(kReturnRulePriority), SizeIs(1));
    EXPECT_THAT(RulesOf(kPodSourceRulePriority),
                ElementsAre(PodSourceRule(InFurther(1), 1001)));
  }
}

TEST_F(PrepareFurtherTest, ADhcpClientsRouteToTheSubnetIsRemoved) {
  a_.PlugFurther();
  const uint32_t ifindex = Require(GetIfindex(a_.host(), "eth1"));
  Require(a_.host().Transact(
      ChangeLink({.ifindex = ifindex, .state = LinkChange::State::kUp})));
  Give(a_.host(), "eth1", InFurther(1), 24);
  EXPECT_THAT(Require(ListRoutes(a_.host(), {.ifindex = ifindex})), SizeIs(1));
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_THAT(Require(ListRoutes(a_.host(), {.ifindex = ifindex})), IsEmpty());
}

TEST_F(PrepareFurtherTest, ARuleOfAnEarlierAttachmentIsReplaced) {
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(1), 1007))));
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001)));
}

TEST_F(PrepareFurtherTest, TheMtuIsNoLargerThanTheMainInterfaces) {
  Require(a_.host().Transact(
      ChangeLink({.ifindex = a_.main().ifindex, .mtu_bytes = 1452})));
  NodeWithTwo* node = &a_;
  node->PlugFurther();
  const auto scope = NetnsScope::Enter(a_.netns_fd());
  const Node main = Require(FindNode(a_.host(), "eth0"));
  const auto further = PrepareFurther(a_.host(), Sysctl(), main, a_.Wanted());
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(further->mtu_bytes, 1452u);
  EXPECT_EQ(Require(GetLink(a_.host(), "eth1")).mtu_bytes, 1452u);
}

TEST_F(PrepareFurtherTest, SetsTheKernelsSwitches) {
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/forwarding"), "1");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/arp_ignore"), "1");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth1/arp_announce"), "2");
  EXPECT_EQ(a_.Get("net/ipv4/conf/eth0/rp_filter"), "2");
}

TEST_F(PrepareFurtherTest, AbandoningLeavesNothingButTheRuleOfTheNode) {
  a_.PlugFurther();
  const auto further = a_.Prepare();
  ASSERT_TRUE(further.ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(AbandonFurther(a_.host(), *further), absl::OkStatus());
    EXPECT_THAT(TableOf(1001), IsEmpty());
    EXPECT_THAT(RulesOf(kPodSourceRulePriority), IsEmpty());
    EXPECT_FALSE(Require(GetLink(a_.host(), "eth1")).up());
  }
}

TEST_F(PrepareFurtherTest, ThePodsRuleIsMadeCheckedMendedAndTornDown) {
  a_.PlugFurther();
  ASSERT_TRUE(a_.Prepare().ok());
  // What an earlier pod on another interface has left.
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(10), 1009))));
  const auto p = a_.Start("p", InFurther(10));
  const Rule rule = PodSourceRule(InFurther(10), 1001);
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001), rule));
  EXPECT_EQ(Check(a_.host(), p->netns.get(), p->network), absl::OkStatus());

  Require(a_.host().Transact(RemoveRule(rule)));
  Require(a_.host().Transact(AddRule(PodSourceRule(InFurther(10), 1003))));
  EXPECT_FALSE(Check(a_.host(), p->netns.get(), p->network).ok());
  const NodeView view = Require(ViewNode(a_.host()));
  const auto missing =
      MissingOnNode(view, *FindHostEnd(view, p->network), p->network);
  EXPECT_THAT(missing, ElementsAre(PodPart::kSourceRule));
  const auto mended = Mend(a_.host(), -1, p->network, missing);
  ASSERT_THAT(mended, SizeIs(1));
  EXPECT_EQ(mended[0].status, absl::OkStatus());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001), rule));

  EXPECT_EQ(netlink::TearDown(a_.host(), {.alias = p->network.alias}),
            absl::OkStatus());
  EXPECT_THAT(RulesOf(kPodSourceRulePriority),
              ElementsAre(PodSourceRule(InFurther(1), 1001)));
}

}  // namespace
}  // namespace netlink
