#include "applets/cni/plugin_main.h"

#include <cstdio>

namespace applets::cni {

int PluginMain(int, char**) {
  std::fputs("cnivpc: not in this build yet\n", stderr);
  return 1;
}

}  // namespace applets::cni
