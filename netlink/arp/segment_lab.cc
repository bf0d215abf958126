#include "netlink/arp/segment_lab.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "netlink/addr.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/monitor.h"
#include "netlink/netns.h"

namespace netlink::arp {
namespace {

constexpr int kPatienceMs = 10000;
constexpr uint32_t kBridge = 1000;
// A bridge port's "hairpin" mode (IFLA_BRPORT_MODE).
constexpr uint8_t kHairpin = 1;

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

void Require(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::abort();
}

template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

bool Await(int fd) {
  pollfd ready = {fd, POLLIN, 0};
  return poll(&ready, 1, kPatienceMs) == 1;
}

// Until then the kernel throws away what is sent.
void AwaitCarrier(int netns_fd, uint32_t ifindex) {
  const NetnsScope scope = Require(NetnsScope::Enter(netns_fd));
  Monitor monitor = Require(Monitor::Open({MonitorGroup::kLink}));
  Socket socket = Require(Socket::Open());
  while (!Require(GetLink(socket, ifindex)).running()) {
    Require(Await(monitor.fd()), "no carrier");
    Require(monitor.Receive().status());
  }
}

uint32_t PortOf(size_t host) { return static_cast<uint32_t>(host) + 100; }

Request NewBridge() {
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg header = {};
  header.ifi_index = kBridge;
  header.ifi_flags = header.ifi_change = IFF_UP;
  request.PutHeader(header).PutString(IFLA_IFNAME, "bridge");
  return request.PutNest(IFLA_LINKINFO, [](Request& info) {
    info.PutString(IFLA_INFO_KIND, "bridge");
  });
}

Request SetPortMode(uint32_t port, uint8_t mode) {
  Request request(RTM_SETLINK, 0);
  ifinfomsg header = {};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = static_cast<int>(port);
  request.PutHeader(header);
  return request.PutNest(IFLA_PROTINFO | NLA_F_NESTED, [mode](Request& info) {
    info.PutU8(IFLA_BRPORT_MODE, mode);
  });
}

}  // namespace

Stranger::Stranger(int netns_fd, uint32_t ifindex) {
  const NetnsScope scope = Require(NetnsScope::Enter(netns_fd));
  fd_ = base::Fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  Require(fd_.valid(), "packet socket");
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ARP);
  address.sll_ifindex = static_cast<int>(ifindex);
  Require(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
               sizeof(address)) == 0,
          "bind");
}

void Stranger::Send(absl::Span<const uint8_t> frame) {
  Require(send(fd_.get(), frame.data(), frame.size(), 0) ==
              static_cast<ssize_t>(frame.size()),
          "send");
}

std::optional<Packet> Stranger::Hear() {
  while (Await(fd_.get())) {
    const auto packet = Receive(MSG_DONTWAIT);
    if (packet) return packet;
  }
  return std::nullopt;
}

std::vector<Packet> Stranger::HearAll() {
  std::vector<Packet> packets;
  pollfd ready = {fd_.get(), POLLIN, 0};
  while (poll(&ready, 1, 0) == 1) {
    const auto packet = Receive(MSG_DONTWAIT);
    if (packet) packets.push_back(*packet);
  }
  return packets;
}

std::optional<Packet> Stranger::Receive(int flags) {
  std::array<uint8_t, 2048> frame;
  const ssize_t size = recv(fd_.get(), frame.data(), frame.size(), flags);
  if (size < 0) return std::nullopt;
  return Decode(absl::MakeConstSpan(frame.data(), static_cast<size_t>(size)));
}

SegmentLab::SegmentLab(size_t hosts)
    : switch_netns_(MakeNetns()),
      switch_(Require(SocketIn(switch_netns_.get()))) {
  Require(switch_.Transact(NewBridge()));
  for (size_t i = 0; i < hosts; ++i) {
    base::Fd netns = MakeNetns();
    Socket socket = Require(SocketIn(netns.get()));
    hosts_.push_back({std::move(netns), std::move(socket)});
    LayCable(i);
  }
  for (size_t i = 0; i < hosts; ++i) PlugIn(i);
}

base::Mac SegmentLab::MacOf(size_t host) {
  return base::Mac({2, 0, 0, 0, 0xaa, static_cast<uint8_t>(host)});
}

base::Ipv4 SegmentLab::AddressOf(size_t host) {
  return base::Ipv4(0x0a000001 + static_cast<uint32_t>(host));
}

void SegmentLab::LayCable(size_t host) {
  Require(switch_.Transact(CreateVeth(
      {.inner = {kIfindex, "eth0", MacOf(host), 1500},
       .netns_fd = netns_fd(host),
       .outer = {PortOf(host), absl::StrCat("port", host), {}, 0}})));
  Require(switch_.Transact(
      ChangeLink({.ifindex = PortOf(host), .master_ifindex = kBridge})));
  Do(host, AddAddress({.ifindex = kIfindex,
                       .address = AddressOf(host),
                       .prefix_length = 24}));
}

FrameSocket SegmentLab::Open(size_t host, int buffer_bytes) const {
  const NetnsScope scope = Require(NetnsScope::Enter(netns_fd(host)));
  return Require(FrameSocket::Open(kIfindex, MacOf(host), buffer_bytes));
}

void SegmentLab::Do(size_t host, const Request& request) {
  Require(socket(host).Transact(request));
}

void SegmentLab::SetDown(size_t host) {
  Do(host,
     ChangeLink({.ifindex = kIfindex, .state = LinkChange::State::kDown}));
}

void SegmentLab::SetUp(size_t host) {
  Do(host, ChangeLink({.ifindex = kIfindex, .state = LinkChange::State::kUp}));
  AwaitCarrier(netns_fd(host), kIfindex);
  AwaitCarrier(switch_netns_.get(), PortOf(host));
}

void SegmentLab::PullOut(size_t host) {
  Require(switch_.Transact(ChangeLink(
      {.ifindex = PortOf(host), .state = LinkChange::State::kDown})));
}

void SegmentLab::PlugIn(size_t host) {
  Require(switch_.Transact(
      ChangeLink({.ifindex = PortOf(host), .state = LinkChange::State::kUp})));
  AwaitCarrier(netns_fd(host), kIfindex);
  AwaitCarrier(switch_netns_.get(), PortOf(host));
}

void SegmentLab::Replace(size_t host) {
  Require(switch_.Transact(DeleteLink(PortOf(host))));
  LayCable(host);
  PlugIn(host);
}

void SegmentLab::SetQueue(size_t host, uint32_t packets) {
  Request request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  tcmsg header = {};
  header.tcm_ifindex = kIfindex;
  header.tcm_parent = TC_H_ROOT;
  request.PutHeader(header).PutString(TCA_KIND, "pfifo");
  Do(host, request.PutU32(TCA_OPTIONS, packets));  // tc_fifo_qopt
}

void SegmentLab::Reflect(size_t host) {
  Require(switch_.Transact(SetPortMode(PortOf(host), kHairpin)));
}

}  // namespace netlink::arp
