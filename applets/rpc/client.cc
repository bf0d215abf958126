#include "applets/rpc/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/rpc/http.h"
#include "applets/rpc/messages_error.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

// A pool of 100,000 addresses is some 30 MB.
constexpr size_t kMaxAnswerBytes = 64 << 20;

constexpr char kWentAwayPayload[] = "cnivpc/went-away";

absl::Status Gone(absl::string_view what) {
  absl::Status status = absl::UnavailableError(
      absl::StrCat("ipamd went away while we waited (", what, ")"));
  status.SetPayload(kWentAwayPayload, absl::Cord());
  return status;
}

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket: path longer than ",
                                                   sizeof(address.sun_path) - 1,
                                                   " bytes: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool NobodyListens(int error_number) {
  return error_number == ENOENT || error_number == ECONNREFUSED;
}

}  // namespace

bool WentAway(const absl::Status& status) {
  return status.GetPayload(kWentAwayPayload).has_value();
}

absl::StatusOr<Client> Client::Connect(const std::string& socket_path,
                                       absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(socket_path));
  base::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  // A unix socket either connects at once or its backlog is full (EAGAIN).
  while (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) != 0) {
    if (NobodyListens(errno)) {
      return absl::NotFoundError(
          absl::StrCat("ipamd isn't running: nobody listens at ", socket_path));
    }
    if (errno != EAGAIN && errno != EINTR) {
      return base::ErrnoStatus("connect " + socket_path);
    }
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(
          "ipamd is there, but takes no connection at ", socket_path));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  return Client(std::move(fd), deadline);
}

absl::Status Client::WaitFor(short events) {
  while (true) {
    const absl::Duration left = deadline_ - absl::Now();
    const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(
        std::max(left, absl::ZeroDuration()), absl::Milliseconds(1)));
    pollfd p = {socket_.get(), events, 0};
    const int n = poll(&p, 1, static_cast<int>(ms));
    if (n > 0) return absl::OkStatus();
    if (n < 0 && errno != EINTR) return base::ErrnoStatus("poll");
    if (n == 0) {
      return absl::DeadlineExceededError(
          "ipamd is there, but didn't answer in time");
    }
  }
}

absl::Status Client::Send(absl::string_view method, absl::string_view path,
                          absl::string_view body) {
  const std::string request = FormatRequest(method, path, body);
  absl::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t n =
        send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n > 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(WaitFor(POLLOUT));
    } else if (errno != EINTR) {
      return Gone(std::strerror(errno));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Client::Receive() {
  while (true) {
    ASSIGN_OR_RETURN(std::optional<Response> response,
                     TakeResponse(&buffer_, kMaxAnswerBytes));
    if (response) {
      if (response->status == 200) return std::move(response->body);
      return ParseError(response->body);
    }
    char chunk[16384];
    const ssize_t n = recv(socket_.get(), chunk, sizeof(chunk), 0);
    if (n > 0) {
      buffer_.append(chunk, static_cast<size_t>(n));
    } else if (n == 0) {
      return Gone("connection closed");
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(WaitFor(POLLIN));
    } else if (errno != EINTR) {
      return Gone(std::strerror(errno));
    }
  }
}

absl::StatusOr<std::string> Client::Call(absl::string_view method,
                                         absl::string_view path,
                                         absl::string_view body) {
  RETURN_IF_ERROR(Send(method, path, body));
  return Receive();
}

absl::StatusOr<AcquireReply> Client::Acquire(const AcquireRequest& request) {
  ASSIGN_OR_RETURN(const std::string body,
                   Call("POST", "/v1/leases/acquire", ToJson(request)));
  return ParseAcquireReply(body);
}

absl::Status Client::SendAttached(const Attachment& attachment) {
  return Send("POST", "/v1/leases/attached", ToJson(attachment));
}

absl::Status Client::Attached(const Attachment& attachment) {
  return Call("POST", "/v1/leases/attached", ToJson(attachment)).status();
}

absl::Status Client::Release(const ReleaseRequest& request) {
  return Call("POST", "/v1/leases/release", ToJson(request)).status();
}

absl::StatusOr<AcquireReply> Client::Check(const Attachment& attachment) {
  ASSIGN_OR_RETURN(const std::string body,
                   Call("POST", "/v1/leases/check", ToJson(attachment)));
  return ParseAcquireReply(body);
}

absl::StatusOr<GcReply> Client::Gc(const GcRequest& request) {
  ASSIGN_OR_RETURN(const std::string body,
                   Call("POST", "/v1/gc", ToJson(request)));
  return ParseGcReply(body);
}

absl::Status Client::Status() { return Call("GET", "/v1/status", "").status(); }

absl::StatusOr<PoolReply> Client::Pool() {
  ASSIGN_OR_RETURN(const std::string body, Call("GET", "/v1/pool", ""));
  return ParsePoolReply(body);
}

}  // namespace applets::rpc
