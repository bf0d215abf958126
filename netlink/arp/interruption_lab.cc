#include "netlink/arp/interruption_lab.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include "base/fd.h"

namespace netlink::arp {
namespace {

void Require(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::abort();
}

// From now on the calling thread's `system_call`s are asked about at the
// descriptor.
base::Fd AskAbout(long system_call) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(system_call), 0,
               1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {.len = 4, .filter = program};
  Require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
  base::Fd listener(
      static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                               SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter)));
  Require(listener.valid(), "seccomp");
  return listener;
}

// False once the thread has ended.
bool Await(int listener) {
  pollfd ready = {listener, POLLIN, 0};
  while (poll(&ready, 1, -1) < 0) Require(errno == EINTR, "poll");
  return (ready.revents & POLLIN) != 0;
}

void Answer(int listener, uint64_t id, int error_number) {
  seccomp_notif_resp answer = {};
  answer.id = id;
  answer.error = -error_number;
  if (error_number == 0) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  Require(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0,
          "SECCOMP_IOCTL_NOTIF_SEND");
}

}  // namespace

int RunWithFailures(long system_call, int error_number, int times,
                    absl::FunctionRef<void()> body) {
  std::promise<base::Fd> promise;
  std::thread thread([&] {
    promise.set_value(AskAbout(system_call));
    body();
  });
  const base::Fd listener = promise.get_future().get();
  int failed = 0;
  while (Await(listener.get())) {
    seccomp_notif question = {};
    Require(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &question) == 0,
            "SECCOMP_IOCTL_NOTIF_RECV");
    const bool fail = failed < times;
    failed += fail;
    Answer(listener.get(), question.id, fail ? error_number : 0);
  }
  thread.join();
  return failed;
}

}  // namespace netlink::arp
