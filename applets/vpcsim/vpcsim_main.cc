#include "applets/vpcsim/vpcsim_main.h"

#include <cstdio>

namespace applets::vpcsim {

int VpcsimMain(int, char**) {
  std::fputs(
      "vpcsim: the simulator is not part of this release; use "
      "`ipamd --vpc=embedded`, which brings a VPC of its own\n",
      stderr);
  return 1;
}

}  // namespace applets::vpcsim
