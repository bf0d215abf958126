#ifndef CNIVPC_APPLETS_RPC_MESSAGES_NODE_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_NODE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

namespace applets::rpc {

// Calls of the VPC's API of one action that ended with one outcome.
struct VpcCalls {
  std::string action;
  std::string outcome;  // "0", an error code, "timeout", ...
  uint64_t count = 0;
  absl::Duration took;  // all of them together
};

// How the VPC is doing.
struct VpcHealth {
  std::string kind;      // --vpc
  std::string obstacle;  // why it gives no address at present; "" if it would
  absl::Time until = absl::InfiniteFuture();     // until when that is believed
  absl::Time verified = absl::InfiniteFuture();  // when the pool was compared
                                                 // with its list
  std::string circuit;
  double rate_per_second = 0;  // the budget's, 0 for no limit
  std::string last_error;
  std::vector<VpcCalls> calls;
};

// The pool of a further interface of the node, for pods whose PodNetworking has
// its subnet.
struct FurtherPool {
  std::string subnet;
  std::string name;       // the subnet, and what tells its security groups
  std::string interface;  // "" while it isn't there
  std::vector<std::string> security_groups;
  std::string reason;  // as in NodeReply, of this pool
  std::string problem;
  std::string level;
  std::vector<std::pair<std::string, uint64_t>> states;
};

// GET /v1/node: how the node's addresses are doing, in one answer. Unlike
// /v1/status it is no error when no address could be leased.
struct NodeReply {
  std::string node;
  std::string version;
  std::string commit;
  absl::Time started = absl::InfiniteFuture();  // the daemon
  std::string interface;
  base::Ipv4 address;
  std::string subnet;

  bool ready = false;   // an address could be leased now
  std::string reason;   // if not: a code of docs/reasons.md
  std::string problem;  // and a sentence
  std::string level;    // UK8S's: dry, hungry, normal or overflow

  // How many addresses are in each state, by pool::NameOf, in its order.
  std::vector<std::pair<std::string, uint64_t>> states;
  uint64_t waiting = 0;    // ADDs that wait for an address
  uint64_t under_way = 0;  // ADDs that have one, and make their network
  uint64_t low = 0;
  uint64_t high = 0;
  absl::Duration cooldown;
  std::string store_problem;  // "" if records can be stored

  VpcHealth vpc;
  // All above is of the node's own interface.
  std::vector<FurtherPool> further;
  // "": the node is in no cluster; "ok"; or why the API server isn't reached.
  std::string kubernetes;
};

std::string ToJson(const NodeReply& message);
absl::StatusOr<NodeReply> ParseNodeReply(absl::string_view json);

// Of `states`: 0 when there is no such state.
uint64_t CountOf(const NodeReply& node, absl::string_view state);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_NODE_H_
