#include "applets/cni/delegate.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/cni/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::cni {
namespace {

constexpr size_t kMaxAnswerBytes = 1 << 20;
constexpr absl::string_view kCommand = "CNI_COMMAND=";

std::vector<std::string> EnvironFor(Verb verb) {
  std::vector<std::string> variables = {absl::StrCat(kCommand, ToString(verb))};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!absl::StartsWith(*variable, kCommand)) {
      variables.emplace_back(*variable);
    }
  }
  return variables;
}

// The text as a file to be read: unlike a pipe it takes any amount at once.
absl::StatusOr<base::Fd> InMemory(absl::string_view text) {
  base::Fd file(memfd_create("config", MFD_CLOEXEC));
  if (!file.valid()) return base::ErrnoStatus("memfd_create");
  RETURN_IF_ERROR(base::WriteAll(file.get(), text));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return base::ErrnoStatus("lseek");
  return file;
}

absl::StatusOr<pid_t> Spawn(const std::string& file, Verb verb, int in,
                            int out) {
  std::vector<std::string> variables = EnvironFor(verb);
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) environment.push_back(&variable[0]);
  environment.push_back(nullptr);
  std::string name = file;
  char* arguments[] = {&name[0], nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const absl::Cleanup destroy = [&] {
    posix_spawn_file_actions_destroy(&actions);
  };
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t child = 0;
  const int error_number = posix_spawn(&child, file.c_str(), &actions, nullptr,
                                       arguments, environment.data());
  if (error_number != 0) return base::ErrnoStatus(file, error_number);
  return child;
}

absl::StatusOr<int> WaitFor(pid_t child) {
  int ended = 0;
  while (waitpid(child, &ended, 0) < 0) {
    if (errno != EINTR) return base::ErrnoStatus("waitpid");
  }
  return ended;
}

// What a plugin that failed has said about it.
absl::Status ErrorIn(absl::string_view file, absl::string_view answer) {
  const std::string name(file.substr(file.rfind('/') + 1));
  const auto json = base::Json::Parse(answer);
  const auto code = json.ok() ? json->Int("code") : json.status();
  if (!code.ok() || *code <= 0) {
    return absl::InternalError(absl::StrCat(name, " failed without a reason"));
  }
  return ErrorWithCode(
      static_cast<Code>(*code),
      absl::StrCat(name, ": ", json->String("msg", "").value_or("")),
      json->String("details", "").value_or(""));
}

}  // namespace

absl::StatusOr<std::string> FindPlugin(absl::string_view path,
                                       absl::string_view name) {
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    if (folder.empty()) continue;
    std::string file = absl::StrCat(folder, "/", name);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return absl::NotFoundError(
      absl::StrCat("CNI_PATH (", path, ") has no plugin ", name));
}

absl::Status RunPlugin(const std::string& file, Verb verb,
                       absl::string_view config) {
  ASSIGN_OR_RETURN(const base::Fd in, InMemory(config));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return base::ErrnoStatus("pipe2");
  const base::Fd out(ends[0]);
  base::Fd write_end(ends[1]);
  ASSIGN_OR_RETURN(const pid_t child,
                   Spawn(file, verb, in.get(), write_end.get()));
  write_end.Reset();
  const auto answer = base::ReadAll(out.get(), kMaxAnswerBytes);
  ASSIGN_OR_RETURN(const int ended, WaitFor(child));
  if (ended == 0) return absl::OkStatus();
  return ErrorIn(file, answer.value_or(""));
}

}  // namespace applets::cni
