#include "applets/rpc/peer_server.h"

#include <arpa/inet.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/rpc/messages_error.h"
#include "base/fd.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::rpc {
namespace {

constexpr int kBacklog = 128;
// Out of descriptors: what waits is taken later.
constexpr absl::Duration kAcceptPause = absl::Seconds(1);

absl::StatusOr<base::Fd> BindTcp(base::Ipv4 ip, uint16_t port) {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::ErrnoStatus("socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = ip.network_order();
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return base::ErrnoStatus(
        absl::StrCat("listen for nodes at ", ip.ToString(), ":", port));
  }
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

struct PeerServer::State {
  struct Client {
    base::Ipv4 from;
    bool known = false;  // it has shown who it is
    bool over = false;
    std::unique_ptr<PeerConnection> connection;
  };
  using Clients = std::map<uint64_t, Client>;  // by number: the oldest first

  State(base::Loop& loop_to_use, PeerGate gate_to_use)
      : loop(loop_to_use),
        gate(std::move(gate_to_use)),
        timer(loop, [this] { OnTimer(); }),
        pause(loop, [this] { evconnlistener_enable(listener); }) {}

  void Accept(base::Fd socket, base::Ipv4 from);
  void OnRequest(uint64_t id, const PeerRequest& request);
  void Answer(uint64_t id, const absl::StatusOr<rpc::Answer>& answer);
  void OnEnd(uint64_t id, const absl::Status& status);
  void OnTimer();
  void Schedule();
  size_t Living() const;
  bool MakeRoom(base::Ipv4 from);
  void Evict(Clients::iterator client, const char* why);

  base::Loop& loop;
  PeerGate gate;
  Limits limits;
  Handlers handlers;
  evconnlistener* listener = nullptr;
  Clients clients;
  uint64_t next_id = 1;
  base::Timer timer;
  base::Timer pause;
};

size_t PeerServer::State::Living() const {
  return static_cast<size_t>(
      std::count_if(clients.begin(), clients.end(),
                    [](const auto& entry) { return !entry.second.over; }));
}

void PeerServer::State::Evict(Clients::iterator client, const char* why) {
  client->second.over = true;
  handlers.on_refused(absl::ResourceExhaustedError(why), client->second.from);
}

// Strangers make room for strangers, the oldest first: who is honest has shown
// who he is within milliseconds. Among those that are known the one that has
// been quiet longest goes.
bool PeerServer::State::MakeRoom(base::Ipv4 from) {
  size_t strangers = 0;
  size_t from_there = 0;
  auto oldest_stranger = clients.end();
  auto oldest_idle = clients.end();
  for (auto it = clients.begin(); it != clients.end(); ++it) {
    const Client& client = it->second;
    if (client.over) continue;
    if (client.known) {
      const bool older = oldest_idle == clients.end() ||
                         client.connection->deadline() <
                             oldest_idle->second.connection->deadline();
      if (client.connection->idle() && older) oldest_idle = it;
      continue;
    }
    if (strangers++ == 0) oldest_stranger = it;
    if (client.from == from) ++from_there;
  }
  if (from_there >= limits.strangers_from_one) return false;
  if (strangers >= limits.strangers) {
    Evict(oldest_stranger, "too many strangers");
  } else if (Living() >= limits.connections) {
    const auto victim =
        oldest_stranger != clients.end() ? oldest_stranger : oldest_idle;
    if (victim == clients.end()) return false;
    Evict(victim, "too many connections");
  }
  return true;
}

void PeerServer::State::Accept(base::Fd socket, base::Ipv4 from) {
  if (!MakeRoom(from)) {
    return handlers.on_refused(
        absl::ResourceExhaustedError("too many connections"), from);
  }
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const uint64_t id = next_id++;
  Client& client = clients[id];
  client.from = from;
  client.connection = std::make_unique<PeerConnection>(
      loop, std::move(socket), gate.NewSession(), limits.connection,
      PeerConnection::Handlers{
          [this, id](const PeerRequest& request) { OnRequest(id, request); },
          [this, id](const absl::Status& status) { OnEnd(id, status); },
          [this] { Schedule(); }});
  Schedule();
}

void PeerServer::State::OnRequest(uint64_t id, const PeerRequest& request) {
  Client& client = clients.at(id);
  if (client.over) return;
  absl::StatusOr<PeerIdentity> identity =
      gate.Identify(client.connection->session(), request.authorization);
  if (!identity.ok()) {
    handlers.on_refused(identity.status(), client.from);
    client.connection->Answer(401, "application/json",
                              ErrorToJson(identity.status()), false);
    return;
  }
  client.known = true;
  handlers.on_call(
      {request.method, request.path, request.query, request.body, *identity},
      [this, id](const absl::StatusOr<rpc::Answer>& answer) {
        Answer(id, answer);
      });
}

void PeerServer::State::Answer(uint64_t id,
                               const absl::StatusOr<rpc::Answer>& answer) {
  const auto it = clients.find(id);
  if (it == clients.end() || it->second.over) return;
  PeerConnection& connection = *it->second.connection;
  if (answer.ok()) {
    connection.Answer(200, answer->content_type, answer->body, true);
  } else {
    connection.Answer(HttpStatusOf(answer.status().code()), "application/json",
                      ErrorToJson(answer.status()), true);
  }
}

void PeerServer::State::OnEnd(uint64_t id, const absl::Status& status) {
  Client& client = clients.at(id);
  if (client.over) return;
  client.over = true;
  if (!status.ok()) handlers.on_refused(status, client.from);
  Schedule();
}

// Destroys what is over, too: not from its own callbacks.
void PeerServer::State::OnTimer() {
  const absl::Duration now = MonotonicNow();
  for (auto& [id, client] : clients) {
    if (!client.over) client.connection->OnTimer(now);
  }
  std::erase_if(clients, [](const auto& entry) { return entry.second.over; });
  Schedule();
}

void PeerServer::State::Schedule() {
  absl::Duration first = absl::InfiniteDuration();
  const absl::Duration now = MonotonicNow();
  for (const auto& [id, client] : clients) {
    first = std::min(first, client.over ? now : client.connection->deadline());
  }
  if (first == absl::InfiniteDuration()) return timer.Cancel();
  timer.Set(std::max(first - now, absl::ZeroDuration()));
}

absl::StatusOr<std::unique_ptr<PeerServer>> PeerServer::Listen(
    base::Loop& loop, const Options& options, Handlers handlers) {
  // libevent and OpenSSL write without MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(PeerGate gate, PeerGate::Open(options.access));
  ASSIGN_OR_RETURN(base::Fd fd, BindTcp(options.address, options.port));
  auto state = std::make_unique<State>(loop, std::move(gate));
  state->limits = options.limits;
  state->handlers = std::move(handlers);
  state->listener = evconnlistener_new(
      loop.handle(),
      [](evconnlistener*, evutil_socket_t client, sockaddr* address, int,
         void* self) {
        const auto* from = reinterpret_cast<const sockaddr_in*>(address);
        static_cast<State*>(self)->Accept(
            base::Fd(client),
            base::Ipv4::FromNetworkOrder(from->sin_addr.s_addr));
      },
      state.get(), LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd.get());
  if (state->listener == nullptr) {
    return absl::InternalError("evconnlistener_new failed");
  }
  static_cast<void>(fd.Release());  // the listener closes it
  evconnlistener_set_error_cb(
      state->listener, [](evconnlistener* listener, void* self) {
        LOG(ERROR) << base::ErrnoStatus("accept").message();
        evconnlistener_disable(listener);
        static_cast<State*>(self)->pause.Set(kAcceptPause);
      });
  return std::unique_ptr<PeerServer>(new PeerServer(std::move(state)));
}

PeerServer::PeerServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

PeerServer::~PeerServer() { StopListening(); }

uint16_t PeerServer::port() const {
  return PortOf(evconnlistener_get_fd(state_->listener));
}

absl::Time PeerServer::expires() const { return state_->gate.expires(); }

size_t PeerServer::connections() const { return state_->Living(); }

void PeerServer::StopListening() {
  if (state_->listener == nullptr) return;
  state_->pause.Cancel();
  evconnlistener_free(state_->listener);
  state_->listener = nullptr;
}

}  // namespace applets::rpc
