// What the World costs at its full size: 10,000 hosts that have 100 secondary
// addresses each.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <memory>
#include <random>

#include "absl/random/distributions.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/state_file.h"

namespace applets::vpcsim {
namespace {

constexpr int kHosts = 10'000;
constexpr int kAddressesPerHost = 100;

size_t UsedBytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

std::unique_ptr<World> MakeHosts() {
  return MakeWorld({.subnet = base::Ipv4Prefix::Parse("10.0.0.0/8").value(),
                    .hosts = kHosts})
      .value();
}

void Fill(World& world) {
  for (int i = 0; i < kAddressesPerHost; ++i) {
    for (const Interface* interface : world.interfaces()) {
      (void)world.Allocate(interface->mac);
    }
  }
}

std::unique_ptr<World> MakeFull() {
  std::unique_ptr<World> world = MakeHosts();
  Fill(*world);
  return world;
}

void BuildAMillion(benchmark::State& state) {
  for (auto _ : state) {
    const size_t empty = UsedBytes();
    const std::unique_ptr<World> world = MakeHosts();
    const size_t hosts = UsedBytes();
    Fill(*world);
    const size_t full = UsedBytes();
    const auto count = static_cast<double>(world->secondary_count());
    state.counters["bytes_per_host"] =
        static_cast<double>(hosts - empty) / kHosts;
    state.counters["bytes_per_address"] =
        static_cast<double>(full - hosts) / count;
    state.counters["total_MiB"] = static_cast<double>(full - empty) / (1 << 20);
  }
}

// An action after the other on the full world, answers and all.
void Call(benchmark::State& state, World& world, const char* action,
          std::map<std::string, std::string> params) {
  std::mt19937_64 random(1);
  params.merge(std::map<std::string, std::string>{{"Region", "cn-bj2"},
                                                  {"Zone", "cn-bj2-04"},
                                                  {"SubnetId", "subnet-1"},
                                                  {"VPCId", "uvnet-1"}});
  absl::Time now = absl::UnixEpoch();
  for (auto _ : state) {
    const auto n = absl::Uniform<int>(random, 1, kHosts + 1);
    const Interface& nic = *world.InterfaceById("uni-" + std::to_string(n));
    params["Mac"] = nic.mac.ToString();
    params["ObjectId"] = nic.id;
    now += absl::Milliseconds(1);
    benchmark::DoNotOptimize(
        Perform(world, {.action = action, .params = params}, {}, random, now));
  }
}

void Allocate(benchmark::State& state) {
  Call(state, *MakeFull(), "AllocateSecondaryIp", {});
}
void ListByMac(benchmark::State& state) {
  Call(state, *MakeFull(), "DescribeSecondaryIp", {});
}
void ShowAvailable(benchmark::State& state) {
  Call(state, *MakeFull(), "DescribeSubnet", {{"ShowAvailableIPs", "true"}});
}

void FindOwner(benchmark::State& state) {
  const std::unique_ptr<World> world = MakeFull();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const base::Ipv4 address(0x0a000002 +
                             absl::Uniform<uint32_t>(random, 0, 1'000'000));
    benchmark::DoNotOptimize(world->OwnerOf("uvnet-1", address));
  }
}

BENCHMARK(BuildAMillion)->Unit(benchmark::kMillisecond);
BENCHMARK(Allocate)->Unit(benchmark::kMicrosecond);
BENCHMARK(ListByMac)->Unit(benchmark::kMicrosecond);
BENCHMARK(ShowAvailable)->Unit(benchmark::kMicrosecond);
BENCHMARK(FindOwner)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace applets::vpcsim
