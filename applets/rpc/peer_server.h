#ifndef CNIVPC_APPLETS_RPC_PEER_SERVER_H_
#define CNIVPC_APPLETS_RPC_PEER_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/rpc/peer_access.h"
#include "applets/rpc/peer_connection.h"
#include "applets/rpc/peer_gate.h"
#include "applets/rpc/query.h"
#include "applets/rpc/server.h"
#include "base/address.h"
#include "base/loop.h"

namespace applets::rpc {

// A request from another node, and who it is.
struct PeerCall {
  std::string method;  // GET or POST
  std::string path;
  Query query;
  std::string body;
  PeerIdentity identity;
};

// Listens for other nodes: HTTP/1.1 over TCP, with mutual TLS or a token. Any
// pod can connect to it, so strangers get little: a few connections, a few
// seconds, a few kilobytes. Lives on the loop's thread.
class PeerServer {
 public:
  struct Limits {
    size_t connections = 512;
    // Those that haven't shown yet who they are; from one address.
    size_t strangers = 64;
    size_t strangers_from_one = 8;
    PeerConnection::Limits connection = {};
  };
  struct Options {
    base::Ipv4 address;
    uint16_t port = 0;  // 0: any that is free
    PeerAccess access;
    Limits limits = {};
  };
  struct Handlers {
    // Answered by calling Reply exactly once, now or later, on the loop's
    // thread, and before the server is destroyed.
    std::function<void(const PeerCall&, Reply)> on_call;
    // A connection was refused or ended badly: PeerConnection's codes, and
    // UNAUTHENTICATED for a wrong token, RESOURCE_EXHAUSTED for one too many.
    std::function<void(const absl::Status&, base::Ipv4 from)> on_refused;
  };

  // PeerGate's errors, and those of bind(2). Ignores SIGPIPE in the process
  // from now on.
  static absl::StatusOr<std::unique_ptr<PeerServer>> Listen(
      base::Loop& loop, const Options& options, Handlers handlers);
  ~PeerServer();

  uint16_t port() const;
  // When this node's certificate ends; InfiniteFuture when it has none.
  absl::Time expires() const;
  size_t connections() const;
  void StopListening();

 private:
  struct State;
  explicit PeerServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_SERVER_H_
