#ifndef CNIVPC_APPLETS_CTL_CTL_MAIN_H_
#define CNIVPC_APPLETS_CTL_CTL_MAIN_H_

namespace applets::ctl {

// The command line. Exit statuses as in run.h.
int CtlMain(int argc, char** argv);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_CTL_MAIN_H_
