#include "applets/rpc/peer_connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "applets/rpc/messages_error.h"
#include "glog/logging.h"

namespace applets::rpc {
namespace {

bufferevent* StreamOf(event_base* base, base::Fd socket, SSL* session) {
  const int fd = socket.Release();  // closed with the stream
  return session == nullptr
             ? bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE)
             : bufferevent_openssl_socket_new(base, fd, session,
                                              BUFFEREVENT_SSL_ACCEPTING,
                                              BEV_OPT_CLOSE_ON_FREE);
}

}  // namespace

absl::Duration MonotonicNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

PeerConnection::PeerConnection(base::Loop& loop, base::Fd socket,
                               Owned<SSL> session, const Limits& limits,
                               Handlers handlers)
    : limits_(limits),
      handlers_(std::move(handlers)),
      session_(session.get()),
      stream_(StreamOf(loop.handle(), std::move(socket), session.release())),
      secured_(session_ == nullptr),
      deadline_(MonotonicNow() + limits.request) {
  CHECK(stream_ != nullptr);
  if (session_ != nullptr) {
    // A length says where each request ends, so an end without TLS's farewell
    // hides nothing.
    bufferevent_openssl_set_allow_dirty_shutdown(stream_, 1);
  }
  bufferevent_setcb(
      stream_,
      [](bufferevent*, void* self) {
        static_cast<PeerConnection*>(self)->OnReadable();
      },
      [](bufferevent*, void* self) {
        static_cast<PeerConnection*>(self)->OnWritten();
      },
      [](bufferevent*, short what, void* self) {
        static_cast<PeerConnection*>(self)->OnEvent(what);
      },
      this);
  bufferevent_enable(stream_, EV_READ | EV_WRITE);
}

PeerConnection::~PeerConnection() {
  if (session_ != nullptr && secured_) {
    // Says farewell, but doesn't wait for the other end's.
    SSL_set_shutdown(session_, SSL_RECEIVED_SHUTDOWN);
    SSL_shutdown(session_);
    ERR_clear_error();
  }
  bufferevent_free(stream_);
}

void PeerConnection::Enter(Phase phase) {
  phase_ = phase;
  const absl::Duration now = MonotonicNow();
  switch (phase) {
    case Phase::kReading:
      deadline_ = now + limits_.request;
      break;
    case Phase::kAnswering:
      deadline_ = now + limits_.answer;
      break;
    case Phase::kIdle:
      deadline_ = now + limits_.idle;
      break;
    case Phase::kServing:
    case Phase::kOver:
      deadline_ = absl::InfiniteDuration();
  }
  handlers_.on_deadline();
}

void PeerConnection::OnReadable() {
  evbuffer* input = bufferevent_get_input(stream_);
  const size_t size = evbuffer_get_length(input);
  const size_t before = buffer_.size();
  buffer_.resize(before + size);
  evbuffer_remove(input, buffer_.data() + before, size);
  if (phase_ == Phase::kIdle) Enter(Phase::kReading);
  if (phase_ == Phase::kReading) Pump();
}

void PeerConnection::Pump() {
  const absl::StatusOr<std::optional<PeerRequest>> request =
      TakeRequest(&buffer_);
  if (!request.ok()) return Refuse(request.status());
  if (!request->has_value()) return;
  // No more is read than one request: the kernel makes the other end wait.
  bufferevent_disable(stream_, EV_READ);
  Enter(Phase::kServing);
  keep_alive_ = (*request)->keep_alive;
  handlers_.on_request(**request);
}

void PeerConnection::Refuse(const absl::Status& status) {
  bufferevent_disable(stream_, EV_READ);
  Enter(Phase::kServing);
  refusal_ = status;
  Answer(HttpStatusOf(status.code()), "application/json", ErrorToJson(status),
         false);
}

void PeerConnection::Answer(int status, absl::string_view content_type,
                            absl::string_view body, bool keep_alive) {
  if (phase_ != Phase::kServing) return;
  keep_alive_ = keep_alive_ && keep_alive;
  Enter(Phase::kAnswering);
  const std::string response =
      FormatResponse(status, content_type, body, keep_alive_);
  bufferevent_write(stream_, response.data(), response.size());
}

void PeerConnection::OnWritten() {
  if (phase_ != Phase::kAnswering) return;
  if (!keep_alive_) return End(refusal_);
  Enter(buffer_.empty() ? Phase::kIdle : Phase::kReading);
  bufferevent_enable(stream_, EV_READ);
  if (phase_ == Phase::kReading) Pump();
}

void PeerConnection::OnEvent(short what) {
  if ((what & BEV_EVENT_CONNECTED) != 0) {
    secured_ = true;
    return;
  }
  if ((what & BEV_EVENT_EOF) == 0) return End(Broken());
  if (phase_ == Phase::kIdle ||
      (phase_ == Phase::kReading && secured_ && buffer_.empty())) {
    return End(absl::OkStatus());
  }
  End(absl::UnavailableError("cut short"));
}

// What OpenSSL or the kernel says about it.
absl::Status PeerConnection::Broken() {
  if (session_ == nullptr || secured_) {
    ERR_clear_error();
    return absl::UnavailableError("the connection broke");
  }
  const unsigned long error = bufferevent_get_openssl_error(stream_);
  const char* reason = ERR_reason_error_string(error);
  const long verified = SSL_get_verify_result(session_);
  ERR_clear_error();
  return absl::UnauthenticatedError(absl::StrCat(
      "TLS: ", reason == nullptr ? "no handshake" : reason,
      verified == X509_V_OK ? "" : ": ",
      verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified)));
}

void PeerConnection::OnTimer(absl::Duration now) {
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::kIdle:
      return End(absl::OkStatus());
    case Phase::kReading:
      return End(absl::DeadlineExceededError("no whole request in time"));
    case Phase::kAnswering:
      return End(absl::DeadlineExceededError("the answer isn't taken"));
    case Phase::kServing:
    case Phase::kOver:
      return;
  }
}

void PeerConnection::End(const absl::Status& status) {
  if (phase_ == Phase::kOver) return;
  Enter(Phase::kOver);
  bufferevent_disable(stream_, EV_READ | EV_WRITE);
  handlers_.on_end(status);
}

}  // namespace applets::rpc
