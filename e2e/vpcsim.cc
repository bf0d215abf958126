#include "applets/vpcsim/vpcsim_main.h"

// vpcsim alone, so that tests needn't be linked anew with all of cnivpc.
int main(int argc, char** argv) {
  return applets::vpcsim::VpcsimMain(argc, argv);
}
