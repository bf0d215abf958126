#ifndef CNIVPC_APPLETS_RPC_PEER_CONNECTION_H_
#define CNIVPC_APPLETS_RPC_PEER_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/rpc/openssl.h"
#include "applets/rpc/peer_http.h"
#include "base/fd.h"
#include "base/loop.h"

struct bufferevent;

namespace applets::rpc {

// A clock that nobody sets: CLOCK_MONOTONIC.
absl::Duration MonotonicNow();

// The server's end of one connection: bytes, or TLS, to requests and back. One
// request at a time; what is sent ahead of an answer waits. Whoever is slow
// runs into the deadline, however he spreads his bytes. Lives on the loop's
// thread.
class PeerConnection {
 public:
  struct Limits {
    // From the connection, or from a request's first byte, to its last.
    absl::Duration request = absl::Seconds(5);
    absl::Duration answer = absl::Seconds(10);  // to send one
    absl::Duration idle = absl::Seconds(45);    // between two requests
  };
  struct Handlers {
    std::function<void(const PeerRequest&)> on_request;
    // It is over: nothing more will come, nothing more is sent. OK when the
    // other end hung up between requests; else
    //   UNAUTHENTICATED    no TLS session came about
    //   DEADLINE_EXCEEDED  too slow
    //   INVALID_ARGUMENT, RESOURCE_EXHAUSTED  see TakeRequest
    //   UNAVAILABLE        it broke in the middle of something
    // Called once; the connection must be destroyed afterwards, but not inside.
    std::function<void(const absl::Status&)> on_end;
    // deadline() says something else from now on.
    std::function<void()> on_deadline;
  };

  // `session` is nullptr for a connection without TLS.
  PeerConnection(base::Loop& loop, base::Fd socket, Owned<SSL> session,
                 const Limits& limits, Handlers handlers);
  ~PeerConnection();
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;

  // Answers the request; the next one may come then, unless `keep_alive` is
  // false.
  void Answer(int status, absl::string_view content_type,
              absl::string_view body, bool keep_alive);

  // When OnTimer should be called (MonotonicNow); InfiniteDuration while a
  // request waits for its answer.
  absl::Duration deadline() const { return deadline_; }
  void OnTimer(absl::Duration now);

  // Neither a request nor an answer is under way.
  bool idle() const { return phase_ == Phase::kIdle; }
  SSL* session() const { return session_; }

 private:
  enum class Phase { kReading, kServing, kAnswering, kIdle, kOver };

  void OnReadable();
  void OnWritten();
  void OnEvent(short what);
  void Enter(Phase phase);
  void Pump();
  void Refuse(const absl::Status& status);
  void End(const absl::Status& status);
  absl::Status Broken();

  const Limits limits_;
  const Handlers handlers_;
  SSL* session_;  // owned by stream_
  bufferevent* stream_;
  bool secured_;
  Phase phase_ = Phase::kReading;
  absl::Duration deadline_;
  std::string buffer_;
  bool keep_alive_ = true;
  absl::Status refusal_;  // why the last answer is the last
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_CONNECTION_H_
