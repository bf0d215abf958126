// How many requests a second the simulator answers on one core, with 10,000
// hosts and 1,000,000 addresses. Clients on threads of their own ask over
// loopback, a connection each; the server's core is that of its thread, whose
// time is counted, so it doesn't matter what else runs. Exit status 1 if a
// target is missed.
//
//   bazel run -c opt //applets/vpcsim:load_benchmark

#include <arpa/inet.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "applets/vpcsim/front.h"
#include "applets/vpcsim/signature.h"
#include "applets/vpcsim/simulator.h"
#include "applets/vpcsim/state_file.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/loop.h"
#include "glog/logging.h"

namespace applets::vpcsim {
namespace {

constexpr int kHosts = 10'000;
constexpr int kAddressesPerHost = 100;
constexpr int kClients = 8;
constexpr absl::Duration kTime = absl::Seconds(10);
// The targets.
constexpr double kMinRequests = 2000;             // a second, of one core
constexpr int64_t kMaxMemory = int64_t{1} << 20;  // KiB, of the whole process
const KeyPair kPair = {"pub", "priv"};

using Params = std::map<std::string, std::string>;

std::unique_ptr<World> FullWorld() {
  WorldSpec spec;
  spec.subnet = base::Ipv4Prefix::Parse("10.0.0.0/8").value();
  spec.hosts = kHosts;
  std::unique_ptr<World> world = MakeWorld(spec).value();
  for (const Interface* interface : world->interfaces()) {
    for (int i = 0; i < kAddressesPerHost; ++i) {
      CHECK(
          std::holds_alternative<base::Ipv4>(world->Allocate(interface->mac)));
    }
  }
  return world;
}

// A connection that stays open.
class Client {
 public:
  explicit Client(Endpoint endpoint)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = endpoint.address.network_order();
    address.sin_port = htons(endpoint.port);
    PCHECK(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)) == 0);
  }

  // The body of the answer.
  std::string Call(Params params) {
    params["PublicKey"] = kPair.public_key;
    std::string text;
    for (const auto& [name, value] : params) {
      absl::StrAppend(&text, name, value);
    }
    params["Signature"] = Sign(text, kPair.private_key);
    const std::string body =
        absl::StrJoin(params, "&", absl::PairFormatter("="));
    CHECK(base::WriteAll(
              fd_.get(),
              absl::StrCat(
                  "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "
                  "application/x-www-form-urlencoded\r\nContent-Length: ",
                  body.size(), "\r\n\r\n", body))
              .ok());
    return Answer();
  }

 private:
  std::string Answer() {
    std::string text;
    size_t head = std::string::npos;
    size_t size = 0;
    while (head == std::string::npos || text.size() < head + 4 + size) {
      char buffer[65536];
      const ssize_t n = recv(fd_.get(), buffer, sizeof(buffer), 0);
      PCHECK(n > 0);
      text.append(buffer, static_cast<size_t>(n));
      if (head != std::string::npos) continue;
      head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      constexpr absl::string_view kName = "Content-Length: ";
      const size_t at = text.find(kName) + kName.size();
      CHECK(
          absl::SimpleAtoi(text.substr(at, text.find("\r\n", at) - at), &size));
    }
    return text.substr(head + 4);
  }

  base::Fd fd_;
};

std::string IpIn(const std::string& body) {
  const size_t at = body.find("\"Ip\":\"");
  CHECK(at != std::string::npos) << body;
  return body.substr(at + 6, body.find('"', at + 6) - at - 6);
}

// What nodes do: take an address, look at all of them, give one back.
int64_t Work(Endpoint endpoint, const std::vector<Interface>& mine,
             const std::atomic<bool>& stop) {
  Client client(endpoint);
  int64_t calls = 0;
  for (size_t i = 0; !stop; i = (i + 1) % mine.size()) {
    const Interface& interface = mine[i];
    const Params where = {{"Region", "cn-bj2"},
                          {"Zone", "cn-bj2-04"},
                          {"Mac", interface.mac.ToString()},
                          {"SubnetId", interface.subnet},
                          {"VPCId", "uvnet-1"},
                          {"ObjectId", interface.id}};
    Params call = where;
    call["Action"] = "AllocateSecondaryIp";
    const std::string ip = IpIn(client.Call(call));
    call["Action"] = "DescribeSecondaryIp";
    CHECK(absl::StrContains(client.Call(call), ip));
    call["Action"] = "DeleteSecondaryIp";
    call["Ip"] = ip;
    CHECK(absl::StrContains(client.Call(call), "\"RetCode\":0"));
    calls += 3;
  }
  return calls;
}

double ThreadSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

int64_t PeakMemoryKib() {
  const std::string status =
      base::ReadFile("/proc/self/status", 1 << 16).value();
  constexpr absl::string_view kName = "VmHWM:";
  const size_t at = status.find(kName) + kName.size();
  return std::strtoll(status.c_str() + at, nullptr, 10);
}

int Main() {
  const std::unique_ptr<World> world = FullWorld();
  Simulator simulator(*world, 1);
  simulator.keys.Add(kPair);
  const auto loop = base::Loop::Create().value();
  Front front(*loop, simulator, absl::Now);
  const Endpoint endpoint =
      front.Listen({.endpoint = {base::Ipv4(0x7f000001), 0}, .api = true})
          .value();
  std::vector<std::vector<Interface>> shares(kClients);
  for (const Interface* interface : world->interfaces()) {
    shares[interface->primary.bits() % kClients].push_back(*interface);
  }
  std::atomic<bool> stop = false;
  std::atomic<int64_t> calls = 0;
  std::vector<std::thread> clients;
  for (const std::vector<Interface>& share : shares) {
    clients.emplace_back([&] { calls += Work(endpoint, share, stop); });
  }
  std::thread watch([&] {
    absl::SleepFor(kTime);
    stop = true;
    for (std::thread& client : clients) client.join();
    loop->Post([&] { loop->Stop(); });
  });
  const absl::Time start = absl::Now();
  const double cpu = ThreadSeconds();
  loop->Run();
  const double busy = ThreadSeconds() - cpu;
  const double took = absl::ToDoubleSeconds(absl::Now() - start);
  watch.join();
  const auto count = static_cast<double>(calls.load());
  const int64_t memory = PeakMemoryKib();
  std::printf(
      "hosts %d addresses %zu\nrequests/s %.0f (clients on the same machine)\n"
      "requests/s of one core %.0f, target %.0f\n"
      "memory %ld KiB with the clients, target %ld KiB\n",
      kHosts, world->secondary_count(), count / took, count / busy,
      kMinRequests, memory, kMaxMemory);
  return count / busy >= kMinRequests && memory < kMaxMemory ? 0 : 1;
}

}  // namespace
}  // namespace applets::vpcsim

int main() { return applets::vpcsim::Main(); }
