#include "applets/ctl/ctl_main.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "applets/ctl/run.h"
#include "applets/rpc/client.h"

namespace applets::ctl {
namespace {

// False, with errno, when not all could be written: to a full disk, say.
bool Print(FILE* file, absl::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
         std::fflush(file) == 0;
}

}  // namespace

int CtlMain(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1),
                                           argv + argc);
  const Host host = {.connect = rpc::Client::Connect, .now = absl::Now};
  const Outcome outcome = Run(arguments, host);
  Print(stderr, outcome.err);
  if (Print(stdout, outcome.out)) return outcome.exit_status;
  std::fprintf(stderr, "cnivpctl: stdout: %s\n", std::strerror(errno));
  return kFailed;
}

}  // namespace applets::ctl
