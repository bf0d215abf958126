#ifndef CNIVPC_BENCH_PROCESS_H_
#define CNIVPC_BENCH_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Runs programs the way a container runtime runs a CNI plugin, and takes the
// time.
namespace bench {

struct Program {
  std::vector<std::string> argv;         // argv[0] is the path
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string input;                     // for stdin; at most 64 KiB
};

struct Ended {
  absl::Duration took;  // until it had ended and nobody held its stdout
  int exit_status = 0;  // 128 + the signal's number if one ended it
  std::string output;   // what it wrote to stdout; stderr is ours
};

// From just before the fork.
absl::StatusOr<Ended> RunAlone(const Program& program);

// Each in a process of its own that waits before its exec. They are let go at
// the same moment, and the time of each counts from there.
absl::StatusOr<std::vector<Ended>> RunTogether(
    const std::vector<Program>& programs);

}  // namespace bench

#endif  // CNIVPC_BENCH_PROCESS_H_
