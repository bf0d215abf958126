#ifndef CNIVPC_BENCH_POD_H_
#define CNIVPC_BENCH_POD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bench/process.h"

namespace bench {

// A plugin with its configuration, under the name that the results have it by.
struct Contender {
  std::string name;
  std::string plugin;  // path; CNI_PATH is its folder
  std::string config;  // what goes to its stdin: a JSON object
};

// "NAME=PLUGIN:FILE". INVALID_ARGUMENT, or the file's error.
absl::StatusOr<Contender> ParseContender(absl::string_view text);

// A pod as a runtime has it: the network namespace /run/netns/NAME and the
// container id NAME.
struct Pod {
  std::string name;
  std::string result;  // of its ADD, for CHECK and DEL
};

absl::Status MakeNetns(const Pod& pod);
absl::Status RemoveNetns(const Pod& pod);

// The call as a runtime makes it, CNI_ARGS like a kubelet's.
Program CallOf(const Contender& contender, absl::string_view verb,
               const Pod& pod);

}  // namespace bench

#endif  // CNIVPC_BENCH_POD_H_
