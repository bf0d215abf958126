#include "bench/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace bench {
namespace {

constexpr int kExecFailed = 127;
constexpr size_t kReadBytes = 16 << 10;

absl::Duration Monotonic() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

struct Pipe {
  base::Fd out;  // to read from
  base::Fd in;   // to write to
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return base::ErrnoStatus("pipe2");
  return Pipe{base::Fd(ends[0]), base::Fd(ends[1])};
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

struct Started {
  pid_t pid = 0;
  base::Fd output;
};

// In the child: waits until nobody holds `gate`'s other end, if there is one.
[[noreturn]] void Become(const Program& program, int input, int output,
                         const Pipe* gate) {
  const std::vector<char*> argv = Pointers(program.argv);
  const std::vector<char*> environment = Pointers(program.environment);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  if (gate != nullptr) {
    close(gate->in.get());
    char nothing;
    while (read(gate->out.get(), &nothing, 1) < 0 && errno == EINTR) {
    }
  }
  execve(argv[0], argv.data(), environment.data());
  _exit(kExecFailed);
}

absl::StatusOr<Started> Start(const Program& program, const Pipe* gate) {
  ASSIGN_OR_RETURN(Pipe input, MakePipe());
  ASSIGN_OR_RETURN(Pipe output, MakePipe());
  // A pipe holds 64 KiB, so this doesn't wait for a reader.
  RETURN_IF_ERROR(base::WriteAll(input.in.get(), program.input));
  input.in.Reset();
  const pid_t pid = fork();
  if (pid < 0) return base::ErrnoStatus("fork");
  if (pid == 0) Become(program, input.out.get(), output.in.get(), gate);
  return Started{pid, std::move(output.out)};
}

absl::StatusOr<int> Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return base::ErrnoStatus("waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Appends what there is to `output`; false at its end.
absl::StatusOr<bool> ReadMore(int fd, std::string* output) {
  char buffer[kReadBytes];
  const ssize_t bytes = read(fd, buffer, sizeof(buffer));
  if (bytes < 0 && errno != EINTR) return base::ErrnoStatus("read");
  if (bytes > 0) output->append(buffer, bytes);
  return bytes != 0;
}

// Waits for the stdout of all of them.
absl::Status Collect(absl::Duration begun, std::vector<Started>* started,
                     std::vector<Ended>* ended) {
  std::vector<pollfd> polled;
  for (const Started& one : *started) {
    polled.push_back({one.output.get(), POLLIN, 0});
  }
  for (size_t open = polled.size(); open > 0;) {
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
      return base::ErrnoStatus("poll");
    }
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      Ended& one = (*ended)[i];
      ASSIGN_OR_RETURN(const bool more, ReadMore(polled[i].fd, &one.output));
      if (more) continue;
      polled[i].fd = -1;  // poll(2) skips it
      --open;
      ASSIGN_OR_RETURN(one.exit_status, Reap((*started)[i].pid));
      one.took = Monotonic() - begun;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Ended> RunAlone(const Program& program) {
  const absl::Duration begun = Monotonic();
  std::vector<Started> started;
  ASSIGN_OR_RETURN(Started one, Start(program, nullptr));
  started.push_back(std::move(one));
  std::vector<Ended> ended(1);
  RETURN_IF_ERROR(Collect(begun, &started, &ended));
  return ended[0];
}

absl::StatusOr<std::vector<Ended>> RunTogether(
    const std::vector<Program>& programs) {
  ASSIGN_OR_RETURN(Pipe gate, MakePipe());
  std::vector<Started> started;
  for (const Program& program : programs) {
    ASSIGN_OR_RETURN(Started one, Start(program, &gate));
    started.push_back(std::move(one));
  }
  std::vector<Ended> ended(programs.size());
  const absl::Duration begun = Monotonic();
  gate.in.Reset();
  RETURN_IF_ERROR(Collect(begun, &started, &ended));
  return ended;
}

}  // namespace bench
