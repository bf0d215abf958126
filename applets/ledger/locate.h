#ifndef CNIVPC_APPLETS_LEDGER_LOCATE_H_
#define CNIVPC_APPLETS_LEDGER_LOCATE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/ledger/vpc_config.h"
#include "netlink/node.h"
#include "netlink/socket.h"

namespace applets::ledger {

// A configuration that leaves nothing open, and the interface that it is about.
struct Location {
  VpcConfig vpc;
  netlink::Node node;
};

// Completes what was asked for: which VPC, and with UCloud's where in it this
// node is. `stored` is the last configuration of this node (ToJson), "" if
// there was none.
//
// Without a `vpc`, a CIDR as `subnet` means the embedded one; else UCloud's, if
// the node has metadata (one request; the last configuration tells when they
// don't answer). INVALID_ARGUMENT when it is neither.
//
// With UCloud's the metadata and the environment file say where the node is
// (vpc/ucloud/place.h), and the interface is the one with that MAC. Do the
// metadata not answer, the last place is taken if the node still has that
// interface; UNAVAILABLE otherwise.
//
// Asks the metadata `attempts` times at most. Blocks.
absl::StatusOr<Location> Locate(const VpcConfig& wanted,
                                absl::string_view stored, int attempts,
                                netlink::Socket& host);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_LOCATE_H_
