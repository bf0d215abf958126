#ifndef CNIVPC_APPLETS_CTL_RELEASE_H_
#define CNIVPC_APPLETS_CTL_RELEASE_H_

#include "applets/ctl/calls.h"
#include "applets/ctl/host.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// `release NODE [IP]`: that address, or all that nobody uses (as `get unuse`
// lists them). Says which, asks unless --yes was given, then gives them back.
Outcome ReleaseAddresses(const Options& options, const Host& host,
                         const Connection& ipamd);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_RELEASE_H_
