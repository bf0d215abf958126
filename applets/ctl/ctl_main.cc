#include "applets/ctl/ctl_main.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "applets/ctl/connect.h"
#include "applets/ctl/files.h"
#include "applets/ctl/kernel_view.h"
#include "applets/ctl/run.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

// False, with errno, when not all could be written: to a full disk, say.
bool Print(FILE* file, absl::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
         std::fflush(file) == 0;
}

std::string Ask(const std::string& question) {
  Print(stderr, question);
  std::string answer;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    answer += static_cast<char>(c);
  }
  return answer;
}

Host SystemHost() {
  return {.connect = Connect,
          .nodes = ListNodes,
          .now = absl::Now,
          .print = [](absl::string_view text) { return Print(stdout, text); },
          .ask = Ask,
          .pause =
              [](absl::Duration time) {
                absl::SleepFor(time);
                return true;
              },
          .tail = Tail,
          .list = ListFolder,
          .look_at_kernel = LookAtKernel,
          .write = WriteSecretly};
}

}  // namespace

int CtlMain(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1),
                                           argv + argc);
  const Outcome outcome = Run(arguments, SystemHost());
  Print(stderr, outcome.err);
  if (Print(stdout, outcome.out)) return outcome.exit_status;
  Print(stderr,
        absl::StrCat(base::ErrnoStatus("cnivpctl: stdout").message(), "\n"));
  return kFailed;
}

}  // namespace applets::ctl
