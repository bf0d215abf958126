#include "applets/ipamd/ipamd_main.h"

#include <cstdio>

namespace applets::ipamd {

int IpamdMain(int, char**) {
  std::fputs("ipamd: not in this build yet\n", stderr);
  return 1;
}

}  // namespace applets::ipamd
