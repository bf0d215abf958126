#ifndef CNIVPC_APPLETS_RPC_PEER_GATE_H_
#define CNIVPC_APPLETS_RPC_PEER_GATE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/rpc/openssl.h"
#include "applets/rpc/peer_access.h"

namespace applets::rpc {

// Who is at the other end.
struct PeerIdentity {
  // DNS names and addresses that its certificate was issued for.
  std::vector<std::string> names;
  // It has the token, and may be any node.
  bool any = false;

  bool MayActAs(absl::string_view node) const {
    return any || std::find(names.begin(), names.end(), node) != names.end();
  }
};

// Decides who may talk to this node. Looks at its files again at every
// connection; when new ones can't be used it goes on with the old ones and says
// so once. Not thread-safe.
class PeerGate {
 public:
  // Reads the files. FAILED_PRECONDITION when certificates can't be used,
  // INVALID_ARGUMENT when there is no token.
  static absl::StatusOr<PeerGate> Open(PeerAccess access);

  // The server's half of a TLS session for a new connection; nullptr when there
  // is to be none. The handshake fails unless the other end has a certificate
  // that is signed by the authority, in time, and for clients.
  Owned<SSL> NewSession();

  // Who sends a request: by the session's certificate, or else by the request's
  // Authorization header. UNAUTHENTICATED.
  absl::StatusOr<PeerIdentity> Identify(SSL* session,
                                        absl::string_view authorization);

  // When this node's certificate ends; InfiniteFuture when it has none.
  absl::Time expires() const { return expires_; }

 private:
  explicit PeerGate(PeerAccess access) : access_(std::move(access)) {}
  void LookAgain();
  absl::Status Read();

  PeerAccess access_;
  std::string stamp_;
  Owned<SSL_CTX> context_;
  absl::Time expires_ = absl::InfiniteFuture();
  std::vector<std::string> tokens_;
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_GATE_H_
