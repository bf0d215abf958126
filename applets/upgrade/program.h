// Running another program to its end, within a limit of time.
#ifndef CNIVPC_APPLETS_UPGRADE_PROGRAM_H_
#define CNIVPC_APPLETS_UPGRADE_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace applets::upgrade {

struct Program {
  std::string file;                           // a path
  std::vector<std::string> arguments = {};    // after the name
  std::vector<std::string> environment = {};  // "NAME=VALUE", all of it
  std::string input = {};                     // its stdin, or
  std::string input_file = {};                // a file that is its stdin
  int netns_fd = -1;  // the network namespace it runs in, borrowed; -1: ours
  absl::Duration limit = absl::Seconds(10);
};

struct Ended {
  // As a shell has it: 128 more than the signal that killed it.
  int exit_status = 0;
  std::string out = {};  // its stdout, and
  std::string err = {};  // stderr: at most kMaxOutputBytes each, the rest lost
};
inline constexpr size_t kMaxOutputBytes = 1 << 20;

// Runs it in a process group of its own, with default signals. When the time is
// over the whole group is killed: DEADLINE_EXCEEDED. When it can't be started
// the error is execve(2)'s.
absl::StatusOr<Ended> RunProgram(const Program& program);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_PROGRAM_H_
