#include "applets/rpc/server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/rpc/messages_error.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr int kMode = 0660;

// A socket that a dead process left behind may be replaced, a living one's not:
// it may be another daemon's, with another store.
absl::Status RefuseLiving(const std::string& path, const sockaddr_un& address) {
  const base::Fd fd(
      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  const int connected = connect(
      fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (connected != 0 && errno != EAGAIN) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--socket: somebody listens at ", path,
                   " already; stop it, or choose another path"));
}

absl::StatusOr<base::Fd> BindUnix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("--socket: longer than ",
                                                   sizeof(address.sun_path) - 1,
                                                   " bytes: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  base::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  RETURN_IF_ERROR(RefuseLiving(path, address));
  unlink(path.c_str());
  // The mode is right from the first moment, not after a chmod.
  const mode_t old_mask = umask(0777 & ~kMode);
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof(address));
  umask(old_mask);
  if (bound != 0) return base::ErrnoStatus("bind " + path);
  if (listen(fd.get(), Server::kBacklog) != 0) {
    return base::ErrnoStatus("listen " + path);
  }
  return fd;
}

std::string BodyOf(evhttp_request* request) {
  evbuffer* buffer = evhttp_request_get_input_buffer(request);
  const size_t size = evbuffer_get_length(buffer);
  std::string body(size, '\0');
  evbuffer_copyout(buffer, body.data(), size);
  return body;
}

Query QueryOf(const evhttp_uri* uri) {
  const char* text = uri == nullptr ? nullptr : evhttp_uri_get_query(uri);
  return ParseQuery(text == nullptr ? "" : text).value_or(Query());
}

void Send(evhttp_request* request, const absl::StatusOr<Answer>& answer) {
  const std::string body =
      answer.ok() ? answer->body : ErrorToJson(answer.status());
  evkeyvalq* headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(
      headers, "Content-Type",
      answer.ok() ? answer->content_type.c_str() : "application/json");
  evbuffer_add(evhttp_request_get_output_buffer(request), body.data(),
               body.size());
  const int status = HttpStatusOf(answer.status().code());
  evhttp_send_reply(request, status, answer.ok() ? "OK" : "Error", nullptr);
}

}  // namespace

struct Server::State {
  struct Connection {
    uint64_t id;
    ucred peer = {};
  };

  static void OnRequest(evhttp_request* request, void* self) {
    static_cast<State*>(self)->Take(request);
  }
  static void OnClose(evhttp_connection* connection, void* self) {
    static_cast<State*>(self)->Forget(connection);
  }

  void Take(evhttp_request* request) {
    evhttp_connection* handle = evhttp_request_get_connection(request);
    const Connection& connection = Know(handle);
    const evhttp_uri* uri = evhttp_request_get_evhttp_uri(request);
    const char* path = uri == nullptr ? nullptr : evhttp_uri_get_path(uri);
    const Call call{
        evhttp_request_get_command(request) == EVHTTP_REQ_POST ? "POST" : "GET",
        path == nullptr ? "" : path,
        QueryOf(uri),
        BodyOf(request),
        connection.peer,
        connection.id};
    ++pending;
    handlers.on_call(call, [this, request](absl::StatusOr<Answer> answer) {
      --pending;
      Send(request, answer);
    });
  }

  const Connection& Know(evhttp_connection* handle) {
    const auto [it, is_new] = connections.try_emplace(handle);
    if (is_new) {
      it->second.id = next_id++;
      const int fd =
          bufferevent_getfd(evhttp_connection_get_bufferevent(handle));
      socklen_t size = sizeof(ucred);
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &it->second.peer, &size);
      evhttp_connection_set_closecb(handle, OnClose, this);
    }
    return it->second;
  }

  void Forget(evhttp_connection* handle) {
    const auto it = connections.find(handle);
    if (it == connections.end()) return;
    const uint64_t id = it->second.id;
    connections.erase(it);
    if (!stopping) handlers.on_close(id);
  }

  std::string path;
  Handlers handlers;
  evhttp* http = nullptr;
  evhttp_bound_socket* bound = nullptr;
  std::unordered_map<evhttp_connection*, Connection> connections;
  uint64_t next_id = 1;
  int pending = 0;
  bool stopping = false;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(base::Loop& loop,
                                                       std::string path,
                                                       Handlers handlers) {
  // libevent writes with writev(2), which has no MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(base::Fd fd, BindUnix(path));
  auto state = std::make_unique<State>();
  state->path = std::move(path);
  state->handlers = std::move(handlers);
  state->http = evhttp_new(loop.handle());
  if (state->http == nullptr) return absl::InternalError("evhttp_new failed");
  evhttp_set_allowed_methods(state->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
  evhttp_set_max_body_size(state->http, kMaxBodyBytes);
  evhttp_set_gencb(state->http, State::OnRequest, state.get());
  state->bound = evhttp_accept_socket_with_handle(state->http, fd.get());
  if (state->bound == nullptr) {
    evhttp_free(state->http);
    return absl::InternalError("evhttp_accept_socket failed");
  }
  static_cast<void>(fd.Release());  // evhttp closes it
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  state_->stopping = true;
  StopListening();
  evhttp_free(state_->http);
}

void Server::StopListening() {
  if (state_->bound == nullptr) return;
  unlink(state_->path.c_str());
  evhttp_del_accept_socket(state_->http, state_->bound);
  state_->bound = nullptr;
}

int Server::pending() const { return state_->pending; }

}  // namespace applets::rpc
