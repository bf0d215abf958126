#include "applets/vpcsim/server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <csignal>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

sockaddr_in SockaddrOf(const Endpoint& endpoint) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = endpoint.address.network_order();
  address.sin_port = htons(endpoint.port);
  return address;
}

absl::StatusOr<base::Fd> Bind(const Endpoint& endpoint) {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // An answer is its head and its body; connections inherit this.
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const sockaddr_in address = SockaddrOf(endpoint);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return base::ErrnoStatus("bind " + endpoint.ToString());
  }
  if (listen(fd.get(), Server::kBacklog) != 0) {
    return base::ErrnoStatus("listen " + endpoint.ToString());
  }
  return fd;
}

Endpoint EndpointOf(int fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return {base::Ipv4::FromNetworkOrder(address.sin_addr.s_addr),
          ntohs(address.sin_port)};
}

HttpRequest::Method MethodOf(evhttp_request* request) {
  switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_POST:
      return HttpRequest::Method::kPost;
    case EVHTTP_REQ_PUT:
      return HttpRequest::Method::kPut;
    case EVHTTP_REQ_DELETE:
      return HttpRequest::Method::kDelete;
    default:
      return HttpRequest::Method::kGet;
  }
}

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

std::string BodyOf(evhttp_request* request) {
  evbuffer* buffer = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(buffer), '\0');
  evbuffer_copyout(buffer, body.data(), body.size());
  return body;
}

base::Ipv4 PeerOf(evhttp_request* request) {
  char* address = nullptr;
  ev_uint16_t port = 0;
  evhttp_connection_get_peer(evhttp_request_get_connection(request), &address,
                             &port);
  return base::Ipv4::Parse(OrEmpty(address)).value_or(base::Ipv4());
}

HttpRequest Read(evhttp_request* request) {
  HttpRequest read;
  read.method = MethodOf(request);
  if (const evhttp_uri* uri = evhttp_request_get_evhttp_uri(request)) {
    read.path = OrEmpty(evhttp_uri_get_path(uri));
    read.query = OrEmpty(evhttp_uri_get_query(uri));
  }
  if (read.path.empty()) read.path = "/";
  read.body = BodyOf(request);
  read.peer = PeerOf(request);
  const evkeyvalq* headers = evhttp_request_get_input_headers(request);
  for (const evkeyval* h = headers->tqh_first; h != nullptr;
       h = h->next.tqe_next) {
    read.headers.emplace_back(absl::AsciiStrToLower(h->key), h->value);
  }
  return read;
}

// To disconnect a TCP socket is to reset it (connect(2), AF_UNSPEC): a close
// would say goodbye first.
void Reset(evhttp_request* request) {
  evhttp_connection* connection = evhttp_request_get_connection(request);
  const int fd =
      bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
  const linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  sockaddr nobody = {};
  nobody.sa_family = AF_UNSPEC;
  static_cast<void>(connect(fd, &nobody, sizeof(nobody)));
  evhttp_connection_free(connection);
}

const char* ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

void Send(evhttp_request* request, const HttpAnswer& answer) {
  evkeyvalq* headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(headers, "Content-Type", answer.content_type.c_str());
  for (const auto& [name, value] : answer.headers) {
    evhttp_add_header(headers, name.c_str(), value.c_str());
  }
  evbuffer_add(evhttp_request_get_output_buffer(request), answer.body.data(),
               answer.body.size());
  evhttp_send_reply(request, answer.status, ReasonOf(answer.status), nullptr);
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" isn't ADDRESS:PORT"));
  }
  ASSIGN_OR_RETURN(const base::Ipv4 address,
                   base::Ipv4::Parse(text.substr(0, colon)));
  return Endpoint{address, static_cast<uint16_t>(port)};
}

std::string Endpoint::ToString() const {
  return absl::StrCat(address.ToString(), ":", port);
}

absl::string_view HttpRequest::header(absl::string_view name) const {
  const auto found =
      absl::c_find_if(headers, [&](const auto& h) { return h.first == name; });
  return found == headers.end() ? "" : absl::string_view(found->second);
}

struct Server::State {
  State(base::Loop& loop_in, HttpHandler handler_in)
      : loop(loop_in), handler(std::move(handler_in)) {}

  static void OnRequest(evhttp_request* request, void* self) {
    static_cast<State*>(self)->Take(request);
  }

  void Take(evhttp_request* request) {
    handler(Read(request), [this, request](const HttpAnswer& answer) {
      if (!answer.reset) {
        Send(request, answer);
        return;
      }
      // Not under evhttp's feet, which may still be handing us the request.
      loop.Post([request] { Reset(request); });
    });
  }

  base::Loop& loop;
  HttpHandler handler;
  Endpoint endpoint = {};
  evhttp* http = nullptr;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(base::Loop& loop,
                                                       Endpoint endpoint,
                                                       HttpHandler handler) {
  // libevent writes with writev(2), which has no MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(base::Fd fd, Bind(endpoint));
  auto state = std::make_unique<State>(loop, std::move(handler));
  state->endpoint = EndpointOf(fd.get());
  state->http = evhttp_new(loop.handle());
  if (state->http == nullptr) return absl::InternalError("evhttp_new failed");
  evhttp_set_allowed_methods(state->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST |
                                              EVHTTP_REQ_PUT |
                                              EVHTTP_REQ_DELETE);
  evhttp_set_max_body_size(state->http, kMaxBodyBytes);
  evhttp_set_max_headers_size(state->http, kMaxHeaderBytes);
  evhttp_set_gencb(state->http, State::OnRequest, state.get());
  if (evhttp_accept_socket_with_handle(state->http, fd.get()) == nullptr) {
    evhttp_free(state->http);
    return absl::InternalError("evhttp_accept_socket failed");
  }
  static_cast<void>(fd.Release());  // evhttp closes it
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { evhttp_free(state_->http); }

Endpoint Server::endpoint() const { return state_->endpoint; }

void Delays::Run(absl::Duration delay, base::Task task) {
  if (delay <= absl::ZeroDuration()) {
    task();
    return;
  }
  const uint64_t id = next_++;
  auto timer =
      std::make_unique<base::Timer>(loop_, [this, id, task = std::move(task)] {
        task();
        // Not while it runs.
        loop_.Post([this, id] { timers_.erase(id); });
      });
  timer->Set(delay);
  timers_.emplace(id, std::move(timer));
}

}  // namespace applets::vpcsim
