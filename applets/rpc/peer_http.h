#ifndef CNIVPC_APPLETS_RPC_PEER_HTTP_H_
#define CNIVPC_APPLETS_RPC_PEER_HTTP_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/rpc/query.h"

// The server's half of HTTP/1.1 (RFC 9112), for bytes from strangers: any pod
// can connect to the port that nodes talk on. As much of it as peers use, each
// part with a limit, and everything that is unclear refused. Pure.
namespace applets::rpc {

struct PeerRequest {
  std::string method;  // GET or POST
  std::string path;    // begins with '/'; without query
  Query query;
  std::string authorization;  // that header's value; "" without it
  std::string body;
  bool keep_alive = true;

  friend bool operator==(const PeerRequest&, const PeerRequest&) = default;
};

inline constexpr size_t kMaxPeerHeadBytes = size_t{8} << 10;
inline constexpr size_t kMaxPeerBodyBytes = size_t{64} << 10;

// Takes one whole request off the front of `buffer`, or leaves it alone and
// returns nullopt when there is more to come. After an error the connection is
// of no use any more, for where the next request begins isn't known:
//   INVALID_ARGUMENT    not HTTP/1.1, or a part of it that isn't spoken here
//   RESOURCE_EXHAUSTED  longer than the limits
absl::StatusOr<std::optional<PeerRequest>> TakeRequest(std::string* buffer);

// The whole response.
std::string FormatResponse(int status, absl::string_view content_type,
                           absl::string_view body, bool keep_alive);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_HTTP_H_
