// How long the pool waits for conflict detection, and what it costs: on real
// interfaces in network namespaces, with the standard's times and with scaled
// ones. Needs root:
//   bazel run -c opt //applets/ipamd:prober_benchmark

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/prober.h"
#include "base/loop.h"
#include "benchmark/benchmark.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/netns.h"

namespace applets::ipamd {
namespace {

using netlink::arp::SegmentLab;
using netlink::arp::Timing;

absl::Duration ThreadTime() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

base::Ipv4 Nth(int64_t i) {
  return base::Ipv4(0x0a000400 + static_cast<uint32_t>(i));
}

// A node's prober, with one more host on the link.
class Bench {
 public:
  explicit Bench(const Timing& timing) {
    prober_ = *Prober::Open(*loop_, metrics_, timing,
                            {[this](base::Ipv4) { OnEnd(); },
                             [this](base::Ipv4, const base::Mac&) { OnEnd(); },
                             [](base::Ipv4, const base::Mac&, bool) {}});
    prober_->UseInterface({.name = "eth0",
                           .ifindex = SegmentLab::kIfindex,
                           .mac = SegmentLab::MacOf(0)});
  }

  // Until the last one is admitted.
  void Admit(int64_t addresses) {
    waiting_ = addresses;
    for (int64_t i = 0; i < addresses; ++i) prober_->Probe(Nth(i));
    while (waiting_ > 0) loop_->Run();
  }
  void Watch(int64_t addresses) {
    for (int64_t i = 0; i < addresses; ++i) prober_->Watch(Nth(i));
  }
  // Frames that concern nobody, until the node has heard them.
  void Hear(netlink::arp::Stranger& stranger, int frames) {
    for (int i = 0; i < frames; ++i) {
      stranger.Send(netlink::arp::Announcement(SegmentLab::MacOf(1),
                                               SegmentLab::AddressOf(1)));
    }
    loop_->Post([this] { loop_->Post([this] { loop_->Stop(); }); });
    loop_->Run();
  }
  netlink::arp::Stranger MakeStranger() const { return lab_.StrangerAt(1); }

 private:
  void OnEnd() {
    if (--waiting_ == 0) loop_->Stop();
  }

  SegmentLab lab_{2};
  netlink::NetnsScope scope_ = *netlink::NetnsScope::Enter(lab_.netns_fd(0));
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  Metrics metrics_;
  int64_t waiting_ = 0;
  std::unique_ptr<Prober> prober_;
};

// range(0): addresses; range(1): --acd-timeout in milliseconds. `of_timeout` is
// the time until the last one was admitted, held against it.
void FreshAddressesAreAdmitted(benchmark::State& state) {
  const absl::Duration timeout = absl::Milliseconds(state.range(1));
  Bench bench(Timing::Within(timeout));
  double of_timeout = 0;
  absl::Duration cpu;
  for (auto _ : state) {
    const absl::Time begin = absl::Now();
    const absl::Duration before = ThreadTime();
    bench.Admit(state.range(0));
    const absl::Duration took = absl::Now() - begin;
    cpu += ThreadTime() - before;
    of_timeout = std::max(of_timeout, absl::FDivDuration(took, timeout));
    state.SetIterationTime(absl::ToDoubleSeconds(took));
  }
  state.counters["of_timeout_max"] = of_timeout;
  state.counters["cpu_us_per_address"] =
      absl::ToDoubleMicroseconds(cpu) /
      static_cast<double>(state.iterations() * state.range(0));
}
BENCHMARK(FreshAddressesAreAdmitted)
    ->Args({250, 7000})
    ->Args({1000, 7000})
    ->Args({250, 200})
    ->Args({1000, 200})
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

// range(0): addresses watched over; range(1): frames that come in at once. The
// time is the loop's, for one broadcast that concerns nobody here.
void OthersBroadcastsAreHeard(benchmark::State& state) {
  Bench bench(Timing{});
  bench.Watch(state.range(0));
  netlink::arp::Stranger stranger = bench.MakeStranger();
  const int burst = static_cast<int>(state.range(1));
  for (auto _ : state) {
    bench.Hear(stranger, burst);
  }
  state.SetItemsProcessed(state.iterations() * burst);
}
BENCHMARK(OthersBroadcastsAreHeard)->Args({1000, 1})->Args({1000, 64});

}  // namespace
}  // namespace applets::ipamd
