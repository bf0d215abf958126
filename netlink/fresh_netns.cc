#include "netlink/fresh_netns.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace netlink {
namespace {

void Require(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::abort();
}

base::Fd OwnNetns() {
  base::Fd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  Require(fd.valid(), "open own network namespace");
  return fd;
}

}  // namespace

FreshNetns::FreshNetns() : home_(OwnNetns()) {
  Require(unshare(CLONE_NEWNET) == 0, "unshare");
  fd_ = OwnNetns();
}

FreshNetns::~FreshNetns() {
  Require(setns(home_.get(), CLONE_NEWNET) == 0, "setns");
}

base::Fd MakeNetns() {
  const FreshNetns netns;
  return OwnNetns();
}

}  // namespace netlink
