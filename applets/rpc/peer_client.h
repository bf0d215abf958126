#ifndef CNIVPC_APPLETS_RPC_PEER_CLIENT_H_
#define CNIVPC_APPLETS_RPC_PEER_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/rpc/peer_access.h"
#include "applets/rpc/peer_list.h"
#include "applets/rpc/peer_messages.h"
#include "base/http.h"

namespace applets::rpc {

// Asks other nodes' ipamd. Blocks, so it is for workers; for one thread at a
// time. The peer's certificate must be signed by the authority, and name the
// peer's address. Files are read again when they change.
//
// Errors: those that the peer answers with (WasRefused tells them), and those
// of base::HttpClient: after one of the latter the call may have had an effect
// all the same, unless base::WasNotSent. FAILED_PRECONDITION or
// INVALID_ARGUMENT with that mark: this node's own files are no good.
class PeerClient {
 public:
  explicit PeerClient(PeerAccess access) : access_(std::move(access)) {}

  absl::StatusOr<LendReply> Lend(const Peer& peer, const LendRequest& request,
                                 absl::Duration timeout);
  absl::Status Settle(const Peer& peer, const SettleRequest& request,
                      absl::Duration timeout);
  absl::StatusOr<SpareReply> Spare(const Peer& peer, absl::Duration timeout);
  // GET of a path that only shows something: the answer's body.
  absl::StatusOr<std::string> Look(const Peer& peer, absl::string_view path,
                                   absl::Duration timeout);

 private:
  absl::Status Prepare();
  absl::StatusOr<std::string> Call(const Peer& peer, base::HttpRequest request,
                                   absl::string_view path);

  const PeerAccess access_;
  std::string stamp_;
  std::unique_ptr<base::HttpClient> http_;
  std::string authorization_;  // "" with certificates
};

// Whether this is what the peer answered: the call had no effect.
bool WasRefused(const absl::Status& status);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_CLIENT_H_
