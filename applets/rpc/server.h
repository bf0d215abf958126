#ifndef CNIVPC_APPLETS_RPC_SERVER_H_
#define CNIVPC_APPLETS_RPC_SERVER_H_

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/rpc/query.h"
#include "base/loop.h"

struct evhttp_request;

namespace applets::rpc {

// A request that has come in.
struct Call {
  std::string method;  // GET or POST
  std::string path;    // without query
  // What came after '?'; empty when it can't be read.
  Query query;
  std::string body;
  ucred peer;           // SO_PEERCRED: who connected
  uint64_t connection;  // the same for all calls of a connection; never reused
};

// An answer: the body and its type. JSON unless said otherwise.
struct Answer {
  std::string body = "{}";
  std::string content_type = "application/json";
};

// Answers one call; to be called exactly once, now or later, on the loop's
// thread, and before the Server is destroyed.
using Reply = std::function<void(absl::StatusOr<Answer>)>;

// HTTP/1.1 over a unix socket (libevent's evhttp), on a Loop's thread.
class Server {
 public:
  struct Handlers {
    std::function<void(const Call&, Reply)> on_call;
    // A connection that had at least one call is closed; one whose client has
    // gone not before its call is answered.
    std::function<void(uint64_t connection)> on_close;
  };
  static constexpr size_t kMaxBodyBytes = 4 << 20;
  static constexpr int kBacklog = 4096;

  // Listens at `path`, mode 0660. A socket that a dead process left there is
  // replaced; FAILED_PRECONDITION when somebody listens at it. Ignores SIGPIPE
  // in the process from now on.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(base::Loop& loop,
                                                        std::string path,
                                                        Handlers handlers);
  ~Server();

  // Takes no more connections, and removes the socket: who comes now finds
  // nobody, instead of a daemon that is about to stop.
  void StopListening();
  // Calls that haven't been answered.
  int pending() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_SERVER_H_
