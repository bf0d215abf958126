// What two hosts get through the fabric, and through a bridge in its place: a
// TCP stream, and the time of a small question and its answer. Needs root:
//   bazel run -c opt //applets/vpcsim:fabric_benchmark

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/lab_host.h"
#include "applets/vpcsim/table_directory.h"
#include "base/fd.h"
#include "base/loop.h"
#include "benchmark/benchmark.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/socket.h"

namespace applets::vpcsim {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// Two hosts, not connected yet.
struct Hosts {
  netlink::FreshNetns netns;
  netlink::Socket socket = *netlink::Socket::Open();
  LabHost a{"node-a", 1, socket};
  LabHost b{"node-b", 2, socket};
};

class ByFabric {
 public:
  explicit ByFabric(Hosts& hosts) {
    for (const LabHost* host : {&hosts.a, &hosts.b}) {
      directory_.nics[host->port()] = host->nic();
      directory_.owners[{"vpc", host->address()}] = host->nic();
    }
    directory_.nets = {{base::Ipv4Prefix::Containing(LabHost::kGateway, 24),
                        LabHost::kGateway}};
    auto fabric = Fabric::Create(*loop_, directory_);
    Require(fabric.status());
    fabric_ = *std::move(fabric);
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~ByFabric() {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }

 private:
  TableDirectory directory_;
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  std::unique_ptr<Fabric> fabric_;
  std::thread thread_;
};

class ByBridge {
 public:
  explicit ByBridge(Hosts& hosts) {
    char name[IFNAMSIZ] = "bridge";
    if (ioctl(hosts.socket.fd(), SIOCBRADDBR, name) != 0) {
      std::perror("make a bridge");
      std::abort();
    }
    const uint32_t bridge = *netlink::GetIfindex(hosts.socket, name);
    Require(hosts.socket.Transact(netlink::ChangeLink(
        {.ifindex = bridge, .state = netlink::LinkChange::State::kUp})));
    for (const LabHost* host : {&hosts.a, &hosts.b}) {
      Require(hosts.socket.Transact(netlink::ChangeLink(
          {.ifindex = *netlink::GetIfindex(hosts.socket, host->port()),
           .master_ifindex = bridge})));
    }
  }
};

template <typename By>
void Stream(benchmark::State& state) {
  constexpr size_t kBytes = 512 << 20;
  Hosts hosts;
  const By by(hosts);
  const base::Fd listening = hosts.b.Tcp(hosts.b.address());
  listen(listening.get(), 1);
  for (auto _ : state) {
    std::thread sender([&] {
      const base::Fd tcp = hosts.a.Tcp(hosts.a.address());
      ConnectTo(tcp, hosts.b.address());
      SendPattern(tcp, kBytes);
    });
    const base::Fd tcp(accept(listening.get(), nullptr, nullptr));
    if (ReceivePattern(tcp) != kBytes) state.SkipWithError("bytes are lost");
    sender.join();
  }
  state.SetBytesProcessed(static_cast<int64_t>(kBytes * state.iterations()));
}

template <typename By>
void Ask(benchmark::State& state) {
  Hosts hosts;
  const By by(hosts);
  const base::Fd a = hosts.a.Udp(hosts.a.address());
  const base::Fd b = hosts.b.Udp(hosts.b.address());
  std::thread answerer([&] {
    while (Hear(b) == "ask") SendTo(b, hosts.a.address(), "answer");
  });
  for (auto _ : state) {
    SendTo(a, hosts.b.address(), "ask");
    if (Hear(a).empty()) state.SkipWithError("no answer");
  }
  SendTo(a, hosts.b.address(), "end");
  answerer.join();
}

BENCHMARK(Stream<ByFabric>)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(Stream<ByBridge>)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(Ask<ByFabric>)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Ask<ByBridge>)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace applets::vpcsim
