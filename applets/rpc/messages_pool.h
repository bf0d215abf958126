#ifndef CNIVPC_APPLETS_RPC_MESSAGES_POOL_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_POOL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"

namespace applets::rpc {

// GET /v1/pool: every address the node has, in order.
struct PoolEntry {
  base::Ipv4 address;
  std::string subnet;
  std::string state;                          // one of pool::NameOf(State)
  absl::Time since = absl::InfiniteFuture();  // InfiniteFuture: not told
  absl::Time until = absl::InfiniteFuture();  // when the state is over
  uint64_t recycled = 0;
  // Set while leased.
  base::Attachment attachment;
  base::Pod pod;
  std::string phase;  // attaching attached detaching
  std::string host_ifname;
};
struct PoolReply {
  std::string node;
  std::vector<PoolEntry> entries;
  std::string subnet = {};  // where the node takes its addresses from
};

std::string ToJson(const PoolReply& message);
absl::StatusOr<PoolReply> ParsePoolReply(absl::string_view json);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_POOL_H_
