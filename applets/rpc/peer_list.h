#ifndef CNIVPC_APPLETS_RPC_PEER_LIST_H_
#define CNIVPC_APPLETS_RPC_PEER_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/rpc/peer_messages.h"
#include "base/address.h"

namespace applets::rpc {

// Another node, and where its ipamd listens.
struct Peer {
  std::string node;
  base::Ipv4 address;
  uint16_t port = kPeerPort;

  friend bool operator==(const Peer&, const Peer&) = default;
};

inline constexpr size_t kMaxPeers = 10'000;

// Nodes as people write them down, in a flag or a file: NODE=ADDRESS[:PORT],
// with commas or line ends between them. What follows a '#' on a line is a
// comment. INVALID_ARGUMENT quotes what is wrong; a node may stand there once.
absl::StatusOr<std::vector<Peer>> ParsePeers(absl::string_view text);

// ADDRESS[:PORT], as of a peer.
struct Endpoint {
  base::Ipv4 address;
  uint16_t port = kPeerPort;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_LIST_H_
