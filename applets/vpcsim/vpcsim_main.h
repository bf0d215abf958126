#ifndef CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_
#define CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_

namespace applets::vpcsim {

// The VPC to try it all against (docs/vpcsim.md): UCloud's API and metadata,
// and with --fabric the VPC's switch. Runs until SIGTERM or SIGINT. Prints to
// stdout where it listens, a line each:
//
//   api http://127.0.0.1:18080
//   metadata http://127.0.0.1:18081
//   inspect http://127.0.0.1:18082
//   public_key ...            and, when it was made up,
//   private_key ...
//   ready
//
// Returns 0 when it was stopped, 1 when it failed, 2 when the flags are wrong.
int VpcsimMain(int argc, char** argv);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_VPCSIM_MAIN_H_
