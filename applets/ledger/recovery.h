#ifndef CNIVPC_APPLETS_LEDGER_RECOVERY_H_
#define CNIVPC_APPLETS_LEDGER_RECOVERY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/socket.h"
#include "pool/recovery.h"
#include "vpc/provider.h"

namespace applets::ledger {

// The pods on this node, ours and other plugins', as the kernel knows them.
absl::StatusOr<std::vector<pool::User>> LookAtKernel(netlink::Socket& host);

// Claims from the VPC the addresses of our pods that it didn't list. Blocks.
// What it refuses is logged: somebody must look at it.
void ClaimUnlisted(vpc::Provider& provider,
                   const std::vector<base::Ipv4>& listed,
                   const std::vector<pool::User>& users);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_RECOVERY_H_
