// What the kernel's part of ADD, CHECK and DEL takes, with a number of pods
// alive besides. Needs root:
//   bazel run //netlink:pod_network_benchmark

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "netlink/delete_link.h"
#include "netlink/node_lab.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/pod_teardown.h"

namespace netlink {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// A node with pods on it, and one more that comes and goes.
class Bench {
 public:
  explicit Bench(int64_t alive) {
    for (int64_t i = 0; i < alive; ++i) {
      others_.push_back(MakeNetns());
      Require(Make(others_.back(), static_cast<uint32_t>(i)).status());
    }
    pod_ = MakeNetns();
  }

  // An address of its own for each: 10.1.x.y.
  absl::StatusOr<PodNetwork> Make(const base::Fd& netns, uint32_t number) {
    const std::string name = absl::StrCat("pod-", number);
    PodNetwork plan = lab_.Plan(name, name, 0);
    plan.address = base::Ipv4(0x0a010000 + number);
    return SetUp(lab_.host(), netns.get(), plan, random_);
  }
  void MakeOne() {
    auto made = Make(pod_, 60000);
    Require(made.status());
    one_ = *std::move(made);
  }
  void CheckOne() { Require(Check(lab_.host(), pod_.get(), one_)); }
  void TearDownOne() {
    Require(TearDown(lab_.host(), {.alias = one_.alias,
                                   .host_ifname = one_.host_ifname,
                                   .address = one_.address,
                                   .node_ifindex = one_.node_ifindex}));
  }
  // Until the kernel has swept up as well, and into a namespace as new.
  void Sweep() {
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    pod_ = MakeNetns();
  }

 private:
  NodeLab lab_;
  std::vector<base::Fd> others_;
  base::Fd pod_;
  PodNetwork one_;
  absl::BitGen random_;
};

// The times of one kind of step.
class Times {
 public:
  template <typename Step>
  void Take(benchmark::State& state, Step step) {
    const absl::Time begin = absl::Now();
    step();
    const absl::Duration took = absl::Now() - begin;
    state.SetIterationTime(absl::ToDoubleSeconds(took));
    microseconds_.push_back(absl::ToDoubleMicroseconds(took));
  }
  void Report(benchmark::State& state) {
    std::sort(microseconds_.begin(), microseconds_.end());
    state.counters["p50_us"] = microseconds_[microseconds_.size() / 2];
    state.counters["p99_us"] = microseconds_[microseconds_.size() * 99 / 100];
  }

 private:
  std::vector<double> microseconds_;
};

void BM_SetUp(benchmark::State& state) {
  Bench bench(state.range(0));
  Times times;
  for (auto _ : state) {
    times.Take(state, [&] { bench.MakeOne(); });
    bench.TearDownOne();
    bench.Sweep();
  }
  times.Report(state);
}

void BM_Check(benchmark::State& state) {
  Bench bench(state.range(0));
  bench.MakeOne();
  Times times;
  for (auto _ : state) {
    times.Take(state, [&] { bench.CheckOne(); });
  }
  times.Report(state);
}

void BM_TearDown(benchmark::State& state) {
  Bench bench(state.range(0));
  Times times;
  for (auto _ : state) {
    bench.MakeOne();
    times.Take(state, [&] { bench.TearDownOne(); });
    bench.Sweep();
  }
  times.Report(state);
}

BENCHMARK(BM_SetUp)->Arg(0)->Arg(250)->UseManualTime()->Iterations(200);
BENCHMARK(BM_Check)->Arg(0)->Arg(250)->UseManualTime()->Iterations(1000);
BENCHMARK(BM_TearDown)->Arg(0)->Arg(250)->UseManualTime()->Iterations(200);

}  // namespace
}  // namespace netlink
