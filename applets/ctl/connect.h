#ifndef CNIVPC_APPLETS_CTL_CONNECT_H_
#define CNIVPC_APPLETS_CTL_CONNECT_H_

#include "absl/status/statusor.h"
#include "applets/ctl/calls.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// To the ipamd at options.socket, which passes calls on to that of options.node
// unless this is "". Everything done with the connection ends
// after options.timeout. Errors are those of rpc::Client.
absl::StatusOr<Connection> ConnectToSocket(const Options& options);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_CONNECT_H_
