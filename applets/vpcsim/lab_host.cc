#include "applets/vpcsim/lab_host.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "netlink/addr.h"
#include "netlink/fresh_netns.h"
#include "netlink/netns.h"
#include "netlink/route.h"

namespace applets::vpcsim {
namespace {

constexpr timeval kPatience = {10, 0};
// Not a power of two, so that a piece in the wrong place shows.
constexpr size_t kPatternBytes = size_t{251} * 4096;

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

// A link that has just been set up drops what is sent until the kernel's link
// watch has seen its carrier.
void AwaitCarrier(netlink::Socket& socket, const std::string& name) {
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!Require(netlink::GetLink(socket, name)).running()) {
    Require(absl::Now() < end, "wait for carrier");
  }
}

sockaddr_in SocketAddress(base::Ipv4 address) {
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(kLabPort);
  in.sin_addr.s_addr = address.network_order();
  return in;
}

void Set(const base::Fd& fd, int level, int option) {
  const int on = 1;
  Require(setsockopt(fd.get(), level, option, &on, sizeof(on)) == 0,
          "setsockopt");
}

void SetPatience(const base::Fd& fd) {
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    setsockopt(fd.get(), SOL_SOCKET, option, &kPatience, sizeof(kPatience));
  }
}

std::string Pattern() {
  std::string pattern(kPatternBytes, '\0');
  for (size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = static_cast<char>(i % 251);
  }
  return pattern;
}

}  // namespace

LabHost::LabHost(std::string port, uint8_t last, netlink::Socket& fabric)
    : port_(std::move(port)),
      address_(0x0a000000 | last),
      mac_({2, 0, 0, 0, 0, last}),
      netns_(netlink::MakeNetns()) {
  Connect(fabric);
}

void LabHost::Connect(netlink::Socket& fabric) {
  Require(fabric.Transact(
      netlink::CreateVeth({.inner = {.name = "eth0", .mac = mac_},
                           .netns_fd = netns_.get(),
                           .outer = {.name = port_}})));
  SetUp(fabric);
  netlink::Socket inside = Require(netlink::SocketIn(netns_.get()));
  ifindex_ = Require(netlink::GetIfindex(inside, "eth0"));
  Require(inside.Transact(netlink::AddAddress(
      {.ifindex = ifindex_, .address = address_, .prefix_length = 24})));
  Require(inside.Transact(
      netlink::AddRoute({.ifindex = ifindex_, .gateway = kGateway})));
}

void LabHost::SetUp(netlink::Socket& fabric) {
  Change(fabric, netlink::LinkChange::State::kUp);
  netlink::Socket inside = Require(netlink::SocketIn(netns_.get()));
  AwaitCarrier(fabric, port_);
  AwaitCarrier(inside, "eth0");
}

void LabHost::SetDown(netlink::Socket& fabric) {
  Change(fabric, netlink::LinkChange::State::kDown);
}

void LabHost::Change(netlink::Socket& fabric,
                     netlink::LinkChange::State state) {
  const uint32_t ifindex = Require(netlink::GetIfindex(fabric, port_));
  Require(fabric.Transact(
      netlink::ChangeLink({.ifindex = ifindex, .state = state})));
}

void LabHost::Add(base::Ipv4 address) {
  netlink::Socket inside = Require(netlink::SocketIn(netns_.get()));
  Require(inside.Transact(netlink::AddAddress(
      {.ifindex = ifindex_, .address = address, .prefix_length = 32})));
}

base::Fd LabHost::Udp(base::Ipv4 address) const {
  return BoundSocket(netns_.get(), SOCK_DGRAM, address);
}

base::Fd LabHost::Tcp(base::Ipv4 address) const {
  return BoundSocket(netns_.get(), SOCK_STREAM, address);
}

base::Fd LabHost::Raw(uint16_t ether_type) const {
  const auto scope = netlink::NetnsScope::Enter(netns_.get());
  Require(scope.status());
  base::Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  SetPatience(fd);
  Set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING);
  sockaddr_ll link = {};
  link.sll_family = AF_PACKET;
  link.sll_protocol = htons(ether_type);
  link.sll_ifindex = static_cast<int>(ifindex_);
  Require(bind(fd.get(), reinterpret_cast<const sockaddr*>(&link),
               sizeof(link)) == 0,
          "bind packet socket");
  return fd;
}

base::Fd BoundSocket(int netns_fd, int type, base::Ipv4 address) {
  const auto scope = netlink::NetnsScope::Enter(netns_fd);
  Require(scope.status());
  base::Fd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  SetPatience(fd);
  Set(fd, SOL_SOCKET, SO_REUSEADDR);
  Set(fd, SOL_IP, IP_TRANSPARENT);  // a stranger's address, too
  const sockaddr_in in = SocketAddress(address);
  Require(
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&in), sizeof(in)) == 0,
      "bind");
  return fd;
}

void ConnectTo(const base::Fd& tcp, base::Ipv4 address) {
  const sockaddr_in in = SocketAddress(address);
  Require(connect(tcp.get(), reinterpret_cast<const sockaddr*>(&in),
                  sizeof(in)) == 0,
          "connect");
}

void SendTo(const base::Fd& udp, base::Ipv4 address, const std::string& text) {
  const sockaddr_in in = SocketAddress(address);
  Require(sendto(udp.get(), text.data(), text.size(), 0,
                 reinterpret_cast<const sockaddr*>(&in),
                 sizeof(in)) == static_cast<ssize_t>(text.size()),
          "sendto");
}

std::string Hear(const base::Fd& fd) {
  std::string text(65536, '\0');
  const ssize_t size = recv(fd.get(), text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

void SendPattern(const base::Fd& tcp, size_t bytes) {
  const std::string pattern = Pattern();
  for (size_t sent = 0; sent < bytes;) {
    const size_t at = sent % pattern.size();
    const ssize_t n = send(tcp.get(), pattern.data() + at,
                           std::min(pattern.size() - at, bytes - sent), 0);
    Require(n > 0, "send");
    sent += static_cast<size_t>(n);
  }
}

size_t ReceivePattern(const base::Fd& tcp) {
  const std::string pattern = Pattern();
  std::string piece(pattern.size(), '\0');
  size_t received = 0;
  while (true) {
    const size_t at = received % pattern.size();
    const ssize_t n = recv(tcp.get(), piece.data(), pattern.size() - at, 0);
    if (n <= 0) return received;
    const auto size = static_cast<size_t>(n);
    if (std::memcmp(piece.data(), pattern.data() + at, size) != 0) return 0;
    received += size;
  }
}

}  // namespace applets::vpcsim
