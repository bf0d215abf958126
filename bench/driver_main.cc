// Calls CNI plugins as a container runtime does, and writes how long each call
// took: a line "NAME VERB MICROSECONDS EXIT-STATUS", separated by tabs.
// bench/run starts it in a lab.
//
//   driver alternate --pods=200 --alive=50 NAME=PLUGIN:FILE...
//     ADD, CHECK and DEL of so many pods of each contender, in fresh network
//     namespaces, one call at a time. Whose turn it is, is shuffled for each
//     pod, for what one leaves running slows the next (facts of the kernel: a
//     namespace is torn down after its owner has gone). `alive` pods are there
//     at any time.
//   driver add|del --pods=250 NAME=PLUGIN:FILE
//     That many calls at once.
//   driver churn --rate=20 --seconds=60 --life=5 NAME=PLUGIN:FILE
//     Pods come and go at that rate (churn.h). Fails if two have an address at
//     the same time.
//   driver start --runs=500 NAME=PROGRAM...
//     Starts each program as often, in shuffled order, with CNI_COMMAND=VERSION
//     in its environment.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "bench/churn.h"
#include "bench/pod.h"
#include "bench/process.h"
#include "gflags/gflags.h"

DEFINE_int32(pods, 200, "pods of each contender");
DEFINE_int32(alive, 50, "pods that are alive while others come and go");
DEFINE_int32(runs, 500, "how often each program is started");
DEFINE_uint64(seed, 1, "of the shuffle");
DEFINE_double(rate, 20, "churn: pods a second");
DEFINE_double(seconds, 60, "churn: how long pods come");
DEFINE_double(life, 5, "churn: seconds that a pod lives, on average");

namespace bench {
namespace {

struct Options {
  int pods;
  size_t alive;
  int runs;
  uint64_t seed;
  ChurnOptions churn;
};

void Write(const std::string& name, const char* verb, const Ended& ended) {
  std::printf("%s\t%s\t%.1f\t%d\n", name.c_str(), verb,
              absl::ToDoubleMicroseconds(ended.took), ended.exit_status);
  if (ended.exit_status != 0) {
    std::fprintf(stderr, "%s %s: %s\n", name.c_str(), verb,
                 ended.output.c_str());
  }
}

// Every number below `kinds` so often, in random order.
std::vector<size_t> Shuffled(size_t kinds, int times, uint64_t seed) {
  std::vector<size_t> order;
  for (int i = 0; i < times; ++i) {
    for (size_t kind = 0; kind < kinds; ++kind) order.push_back(kind);
  }
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

struct Alive {
  const Contender* contender;
  Pod pod;
};

absl::Status Call(const Alive& alive, const char* verb, std::string* output) {
  ASSIGN_OR_RETURN(Ended ended,
                   RunAlone(CallOf(*alive.contender, verb, alive.pod)));
  Write(alive.contender->name, verb, ended);
  if (output != nullptr) *output = std::move(ended.output);
  return absl::OkStatus();
}

absl::Status Delete(const Alive& alive) {
  RETURN_IF_ERROR(Call(alive, "DEL", nullptr));
  return RemoveNetns(alive.pod);
}

absl::Status Alternate(const std::vector<Contender>& contenders,
                       const Options& options) {
  std::deque<Alive> alive;
  int number = 0;
  for (const size_t turn :
       Shuffled(contenders.size(), options.pods, options.seed)) {
    Alive one{&contenders[turn], {absl::StrCat("pod-", ++number), ""}};
    RETURN_IF_ERROR(MakeNetns(one.pod));
    RETURN_IF_ERROR(Call(one, "ADD", &one.pod.result));
    RETURN_IF_ERROR(Call(one, "CHECK", nullptr));
    alive.push_back(std::move(one));
    if (alive.size() <= options.alive) continue;
    RETURN_IF_ERROR(Delete(alive.front()));
    alive.pop_front();
  }
  for (const Alive& one : alive) RETURN_IF_ERROR(Delete(one));
  return absl::OkStatus();
}

std::vector<Pod> PodsOf(const Options& options) {
  std::vector<Pod> pods;
  for (int i = 0; i < options.pods; ++i) {
    pods.push_back({absl::StrCat("burst-", i), ""});
  }
  return pods;
}

absl::Status Burst(const Contender& contender, const char* verb,
                   const std::vector<Pod>& pods) {
  std::vector<Program> calls;
  for (const Pod& pod : pods) calls.push_back(CallOf(contender, verb, pod));
  ASSIGN_OR_RETURN(const std::vector<Ended> all, RunTogether(calls));
  for (const Ended& ended : all) Write(contender.name, verb, ended);
  return absl::OkStatus();
}

absl::Status BurstAdd(const Contender& contender, const Options& options) {
  const std::vector<Pod> pods = PodsOf(options);
  for (const Pod& pod : pods) RETURN_IF_ERROR(MakeNetns(pod));
  return Burst(contender, "ADD", pods);
}

absl::Status BurstDelete(const Contender& contender, const Options& options) {
  const std::vector<Pod> pods = PodsOf(options);
  RETURN_IF_ERROR(Burst(contender, "DEL", pods));
  for (const Pod& pod : pods) RETURN_IF_ERROR(RemoveNetns(pod));
  return absl::OkStatus();
}

absl::Status StartPrograms(const std::vector<std::string>& arguments,
                           const Options& options) {
  for (const size_t turn :
       Shuffled(arguments.size(), options.runs, options.seed)) {
    const size_t equals = arguments[turn].find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", arguments[turn], "\" isn't NAME=PROGRAM"));
    }
    ASSIGN_OR_RETURN(const Ended ended,
                     RunAlone({{arguments[turn].substr(equals + 1)},
                               {"CNI_COMMAND=VERSION"},
                               "{\"cniVersion\":\"1.0.0\"}"}));
    Write(arguments[turn].substr(0, equals), "start", ended);
  }
  return absl::OkStatus();
}

absl::Status Main(const std::vector<std::string>& arguments,
                  const Options& options) {
  if (arguments.size() < 2) {
    return absl::InvalidArgumentError("what to do, and with which contenders");
  }
  const std::string& what = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (what == "start") return StartPrograms(rest, options);
  std::vector<Contender> contenders;
  for (const std::string& text : rest) {
    ASSIGN_OR_RETURN(Contender contender, ParseContender(text));
    contenders.push_back(std::move(contender));
  }
  if (what == "alternate") return Alternate(contenders, options);
  if (what == "churn") return Churn(contenders[0], options.churn);
  if (what == "add") return BurstAdd(contenders[0], options);
  if (what == "del") return BurstDelete(contenders[0], options);
  return absl::InvalidArgumentError(absl::StrCat("unknown: ", what));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  gflags::SetUsageMessage("alternate|add|del|churn|start [FLAG...] NAME=...");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  const absl::Status status = bench::Main(
      {argv + 1, argv + argc}, {FLAGS_pods,
                                static_cast<size_t>(FLAGS_alive),
                                FLAGS_runs,
                                FLAGS_seed,
                                {FLAGS_rate, absl::Seconds(FLAGS_seconds),
                                 absl::Seconds(FLAGS_life), FLAGS_seed}});
  if (status.ok()) return 0;
  std::fprintf(stderr, "driver: %s\n", status.ToString().c_str());
  return 1;
}
