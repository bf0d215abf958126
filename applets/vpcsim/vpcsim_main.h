#ifndef CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_
#define CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_

namespace applets::vpcsim {

// The VPC to try it all against: in a later release. Says so.
int VpcsimMain(int argc, char** argv);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_
