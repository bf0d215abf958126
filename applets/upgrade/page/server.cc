#include "applets/upgrade/page/server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <csignal>
#include <deque>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "applets/rpc/openssl.h"
#include "applets/upgrade/page/stream.h"
#include "base/fd.h"
#include "base/status.h"

namespace applets::upgrade::page {
namespace {

constexpr int kBacklog = 128;
constexpr int kIdleSeconds = 60;
// Out of descriptors: who waits is taken later.
constexpr absl::Duration kAcceptPause = absl::Seconds(1);
// RFC 9325 §4.2.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

absl::StatusOr<base::Fd> Bind(const Endpoint& endpoint) {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // An answer is its head and its body; connections inherit this.
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = endpoint.address.network_order();
  address.sin_port = htons(endpoint.port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return base::ErrnoStatus("--serve: " + endpoint.ToString());
  }
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// No terminal is asked for a key's password.
int NoPassword(char*, int, int, void*) { return 0; }

absl::StatusOr<rpc::Owned<SSL_CTX>> ContextOf(const Server::Options& options) {
  rpc::StartOpenssl();
  rpc::Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1) {
    return rpc::OpensslError("TLS");
  }
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_default_passwd_cb(context.get(), NoPassword);
  if (SSL_CTX_use_certificate_chain_file(context.get(),
                                         options.certificate.c_str()) != 1) {
    return rpc::OpensslError(absl::StrCat("--tls-cert ", options.certificate));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(),
                                  SSL_FILETYPE_PEM) != 1) {
    return rpc::OpensslError(absl::StrCat("--tls-key ", options.key));
  }
  return context;
}

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

std::string BodyOf(evhttp_request* request) {
  evbuffer* buffer = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(buffer), '\0');
  evbuffer_copyout(buffer, body.data(), body.size());
  return body;
}

std::string MethodOf(evhttp_request* request) {
  switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
      return "GET";
    case EVHTTP_REQ_HEAD:
      return "HEAD";
    case EVHTTP_REQ_POST:
      return "POST";
    default:
      return "";
  }
}

Request Read(evhttp_request* request) {
  Request read{.method = MethodOf(request), .body = BodyOf(request)};
  if (const evhttp_uri* uri = evhttp_request_get_evhttp_uri(request)) {
    read.path = OrEmpty(evhttp_uri_get_path(uri));
    read.query = rpc::ParseQuery(OrEmpty(evhttp_uri_get_query(uri)))
                     .value_or(rpc::Query());
  }
  const evkeyvalq* headers = evhttp_request_get_input_headers(request);
  const auto header = [&](const char* name) {
    return OrEmpty(evhttp_find_header(headers, name));
  };
  read.host = header("Host");
  read.origin = header("Origin");
  read.fetch_site = header("Sec-Fetch-Site");
  read.cookie = header("Cookie");
  read.authorization = header("Authorization");
  read.csrf = header("X-Csrf-Token");
  read.content_type = header("Content-Type");
  read.if_none_match = header("If-None-Match");
  return read;
}

const char* ReasonOf(int status) {
  switch (status) {
    case 304:
      return "Not Modified";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

void Answer(evhttp_request* request, const Response& response) {
  evkeyvalq* headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(headers, "Content-Type", response.type.c_str());
  for (const auto& [name, value] : SafeHeaders()) {
    evhttp_add_header(headers, name, value);
  }
  for (const auto& [name, value] : response.headers) {
    evhttp_add_header(headers, name.c_str(), value.c_str());
  }
  evbuffer_add(evhttp_request_get_output_buffer(request), response.body.data(),
               response.body.size());
  evhttp_send_reply(request, response.status, ReasonOf(response.status),
                    nullptr);
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
  absl::string_view host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  ASSIGN_OR_RETURN(const base::Ipv4 address, base::Ipv4::Parse(host));
  return Endpoint{address, static_cast<uint16_t>(port)};
}

// 127.0.0.0/8, RFC 1122 §3.2.1.3 (g)
bool Endpoint::loopback() const {
  return (ntohl(address.network_order()) >> 24) == 127;
}

std::string Endpoint::ToString() const {
  return absl::StrCat(address.ToString(), ":", port);
}

struct Server::State {
  State(base::Loop& loop_in, Handler handler_in)
      : loop(loop_in), handler(std::move(handler_in)) {}
  ~State() {
    for (const auto& stream : streams) stream->HangUp();
    if (http != nullptr) evhttp_free(http);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static void OnRequest(evhttp_request* request, void* self) {
    static_cast<State*>(self)->Take(request);
  }

  static bufferevent* NewTls(event_base* base, void* context) {
    bufferevent* stream = bufferevent_openssl_socket_new(
        base, -1, SSL_new(static_cast<SSL_CTX*>(context)),
        BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (stream != nullptr) {
      bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    }
    return stream;
  }

  static void OnAcceptError(evconnlistener* listener, void* self) {
    evconnlistener_disable(listener);
    static_cast<State*>(self)->pause.Set(kAcceptPause);
  }

  void Take(evhttp_request* request) {
    handler(Read(request),
            {.answer = [request](const Response& r) { Answer(request, r); },
             .follow = [this, request] { return Follow(request); }});
  }

  std::shared_ptr<Stream> Follow(evhttp_request* request) {
    std::erase_if(streams, [](const auto& one) { return !one->open(); });
    if (streams.size() >= kMaxStreams) {
      streams.front()->HangUp();
      streams.pop_front();
    }
    auto stream = std::make_shared<EventStream>(request, kMaxUnreadBytes);
    streams.push_back(stream);
    return stream;
  }

  absl::Status Open(const Options& options);

  base::Loop& loop;
  Handler handler;
  Endpoint endpoint = {};
  rpc::Owned<SSL_CTX> context = nullptr;
  evhttp* http = nullptr;
  evconnlistener* listener = nullptr;
  std::deque<std::shared_ptr<EventStream>> streams;
  base::Timer pause{loop, [this] { evconnlistener_enable(listener); }};
};

absl::Status Server::State::Open(const Options& options) {
  if (!options.certificate.empty()) {
    ASSIGN_OR_RETURN(context, ContextOf(options));
  }
  ASSIGN_OR_RETURN(base::Fd fd, Bind(options.endpoint));
  endpoint = {options.endpoint.address, PortOf(fd.get())};
  http = evhttp_new(loop.handle());
  if (http == nullptr) return absl::InternalError("evhttp_new failed");
  evhttp_set_allowed_methods(
      http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
  evhttp_set_max_body_size(http, kMaxOrderBytes);
  evhttp_set_max_headers_size(http, kMaxHeaderBytes);
  evhttp_set_timeout(http, kIdleSeconds);
  evhttp_set_gencb(http, OnRequest, this);
  if (context != nullptr) evhttp_set_bevcb(http, NewTls, context.get());
  evhttp_bound_socket* bound = evhttp_accept_socket_with_handle(http, fd.get());
  if (bound == nullptr) return absl::InternalError("evhttp_accept_socket");
  static_cast<void>(fd.Release());  // evhttp closes it
  listener = evhttp_bound_socket_get_listener(bound);
  evconnlistener_set_error_cb(listener, OnAcceptError);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(base::Loop& loop,
                                                       const Options& options,
                                                       Handler handler) {
  // libevent writes with writev(2), which has no MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  auto state = std::make_unique<State>(loop, std::move(handler));
  RETURN_IF_ERROR(state->Open(options));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() = default;

Endpoint Server::endpoint() const { return state_->endpoint; }

}  // namespace applets::upgrade::page
