#include "applets/ctl/ctl_main.h"

#include <cstdio>

namespace applets::ctl {

int CtlMain(int, char**) {
  std::fputs("cnivpctl: not in this build yet\n", stderr);
  return 1;
}

}  // namespace applets::ctl
