#ifndef CNIVPC_APPLETS_IPAMD_IPAMD_MAIN_H_
#define CNIVPC_APPLETS_IPAMD_IPAMD_MAIN_H_

namespace applets::ipamd {

// The daemon. Returns when a signal ended it.
int IpamdMain(int argc, char** argv);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_IPAMD_MAIN_H_
