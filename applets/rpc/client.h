#ifndef CNIVPC_APPLETS_RPC_CLIENT_H_
#define CNIVPC_APPLETS_RPC_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/messages_pool.h"
#include "base/fd.h"

namespace applets::rpc {

// Whether a call failed because the daemon went away while we waited.
bool WentAway(const absl::Status& status);

// A blocking connection to ipamd: HTTP/1.1 with keep-alive over a unix socket.
// One request at a time; not thread-safe. Every call ends by the deadline that
// was given to Connect.
//
// Errors, besides those that ipamd answers with (messages_error.h):
//   NOT_FOUND          nobody listens at the socket: the daemon isn't running
//   DEADLINE_EXCEEDED  the daemon is there, but didn't answer in time
//   UNAVAILABLE        the daemon went away while we waited: whether the call
//                      took effect is unknown. WentAway tells it from an ipamd
//                      that says "try again"
class Client {
 public:
  // `timeout` bounds everything that is done with this connection.
  static absl::StatusOr<Client> Connect(const std::string& socket_path,
                                        absl::Duration timeout);

  absl::StatusOr<AcquireReply> Acquire(const AcquireRequest& request);
  // Sends and does not wait for the answer.
  absl::Status SendAttached(const Attachment& attachment);
  // Sends and waits: NOT_FOUND when the lease was ended meanwhile; whoever set
  // the network up must then undo that.
  absl::Status Attached(const Attachment& attachment);
  absl::Status Release(const ReleaseRequest& request);
  absl::StatusOr<AcquireReply> Check(const Attachment& attachment);
  absl::StatusOr<GcReply> Gc(const GcRequest& request);
  absl::Status Status();
  absl::StatusOr<PoolReply> Pool();

  // Any other call: the body of a 200 answer, or the error it carried.
  absl::StatusOr<std::string> Call(absl::string_view method,
                                   absl::string_view path,
                                   absl::string_view body);

 private:
  Client(base::Fd socket, absl::Time deadline)
      : socket_(std::move(socket)), deadline_(deadline) {}
  absl::Status Send(absl::string_view method, absl::string_view path,
                    absl::string_view body);
  absl::StatusOr<std::string> Receive();
  absl::Status WaitFor(short events);

  base::Fd socket_;
  absl::Time deadline_;
  std::string buffer_;  // received and not yet consumed
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_CLIENT_H_
