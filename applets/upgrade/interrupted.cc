#include "applets/upgrade/interrupted.h"

#include <csignal>

namespace applets::upgrade {

bool IsInterrupted() {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  return sigismember(&pending, SIGINT) == 1 ||
         sigismember(&pending, SIGTERM) == 1 ||
         sigismember(&pending, SIGHUP) == 1;
}

}  // namespace applets::upgrade
