#include "applets/upgrade/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"
#include "netlink/netns.h"

namespace applets::upgrade {
namespace {

constexpr int kSignalled = 128;  // sh(1)

struct Pipe {
  base::Fd read_end;
  base::Fd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return base::ErrnoStatus("pipe2");
  Pipe pipe{base::Fd(ends[0]), base::Fd(ends[1])};
  // Of our end alone: programs expect a stdout that waits.
  if (fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0) {
    return base::ErrnoStatus("fcntl");
  }
  return pipe;
}

// The text as a file to be read: unlike a pipe it takes any amount at once.
absl::StatusOr<base::Fd> InMemory(absl::string_view text) {
  base::Fd file(memfd_create("stdin", MFD_CLOEXEC));
  if (!file.valid()) return base::ErrnoStatus("memfd_create");
  RETURN_IF_ERROR(base::WriteAll(file.get(), text));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return base::ErrnoStatus("lseek");
  return file;
}

absl::StatusOr<base::Fd> InputOf(const Program& program) {
  if (program.input_file.empty()) return InMemory(program.input);
  return base::Open(program.input_file, O_RDONLY);
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// How a child begins: what its first three descriptors are, default signals, a
// process group of its own.
class Beginning {
 public:
  Beginning(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETPGROUP);
  }
  ~Beginning() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;

  absl::StatusOr<pid_t> Spawn(const Program& program) const {
    std::vector<std::string> arguments = {program.file};
    arguments.insert(arguments.end(), program.arguments.begin(),
                     program.arguments.end());
    std::vector<std::string> environment = program.environment;
    pid_t child = 0;
    const int error_number =
        posix_spawn(&child, program.file.c_str(), &actions_, &attributes_,
                    Pointers(arguments).data(), Pointers(environment).data());
    if (error_number == 0) return child;
    return base::ErrnoStatus(absl::StrCat("start ", program.file),
                             error_number);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

absl::StatusOr<pid_t> SpawnThere(const Program& program,
                                 const Beginning& beginning) {
  if (program.netns_fd < 0) return beginning.Spawn(program);
  ASSIGN_OR_RETURN(const netlink::NetnsScope scope,
                   netlink::NetnsScope::Enter(program.netns_fd));
  return beginning.Spawn(program);
}

// Takes what there is to read. False at the end.
bool Drain(int fd, std::string& text) {
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    const size_t room = kMaxOutputBytes - text.size();
    text.append(buffer.data(), std::min(room, static_cast<size_t>(n)));
  }
}

int MillisecondsUntil(absl::Time deadline) {
  const absl::Duration left =
      absl::Ceil(deadline - absl::Now(), absl::Milliseconds(1));
  return static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(left), 0, INT_MAX));
}

// Reads until the program ends: what it started may keep the pipes open and go
// on. False when the time is over before.
bool Collect(const Pipe& out, const Pipe& err, int pidfd, absl::Time deadline,
             Ended& ended) {
  std::array<pollfd, 3> fds = {{{out.read_end.get(), POLLIN, 0},
                                {err.read_end.get(), POLLIN, 0},
                                {pidfd, POLLIN, 0}}};
  while (true) {
    const int ready = poll(fds.data(), fds.size(), MillisecondsUntil(deadline));
    if (ready == 0) return false;
    if (ready < 0) continue;  // a signal
    const bool over = fds[2].revents != 0;
    if (!Drain(out.read_end.get(), ended.out)) fds[0].fd = -1;
    if (!Drain(err.read_end.get(), ended.err)) fds[1].fd = -1;
    if (over) return true;
  }
}

int Reap(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status)
                             : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<Ended> RunProgram(const Program& program) {
  const absl::Time deadline = absl::Now() + program.limit;
  ASSIGN_OR_RETURN(const base::Fd in, InputOf(program));
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  ASSIGN_OR_RETURN(Pipe err, MakePipe());
  const Beginning beginning(in.get(), out.write_end.get(), err.write_end.get());
  ASSIGN_OR_RETURN(const pid_t child, SpawnThere(program, beginning));
  out.write_end.Reset();
  err.write_end.Reset();
  // glibc 2.36 has a function for it, older ones only the number.
  const base::Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const absl::Status opened =
      pidfd.valid() ? absl::OkStatus() : base::ErrnoStatus("pidfd_open");
  Ended ended;
  const bool whole =
      opened.ok() && Collect(out, err, pidfd.get(), deadline, ended);
  if (!whole) kill(-child, SIGKILL);
  ended.exit_status = Reap(child);
  RETURN_IF_ERROR(opened);
  if (whole) return ended;
  return absl::DeadlineExceededError(
      absl::StrCat(program.file, " didn't end within ",
                   absl::FormatDuration(program.limit), " and was killed"));
}

}  // namespace applets::upgrade
