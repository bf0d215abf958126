#ifndef CNIVPC_APPLETS_VPCSIM_SERVER_H_
#define CNIVPC_APPLETS_VPCSIM_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/loop.h"

namespace applets::vpcsim {

// Where to listen: "10.0.0.1:8080"; port 0 takes a free one.
struct Endpoint {
  base::Ipv4 address = {};
  uint16_t port = 0;

  static absl::StatusOr<Endpoint> Parse(absl::string_view text);
  std::string ToString() const;
};

struct HttpRequest {
  enum class Method { kGet, kPost, kPut, kDelete };
  Method method = Method::kGet;
  std::string path = {};   // without query
  std::string query = {};  // behind '?', still escaped
  std::string body = {};
  base::Ipv4 peer = {};
  // By lower-case name.
  std::vector<std::pair<std::string, std::string>> headers = {};

  // "" if there is none.
  absl::string_view header(absl::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  // The connection breaks (a TCP reset) instead, and nothing is answered.
  bool reset = false;
};

// Answers a request; to be called exactly once, now or later, on the loop's
// thread, and before the Server is destroyed.
using HttpReply = std::function<void(HttpAnswer)>;
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

// HTTP/1.1 with keep-alive on TCP (libevent's evhttp), on a Loop's thread.
class Server {
 public:
  static constexpr size_t kMaxBodyBytes = 1 << 20;
  static constexpr size_t kMaxHeaderBytes = 64 << 10;  // and the first line
  static constexpr int kBacklog = 4096;

  // Ignores SIGPIPE in the process from now on.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(base::Loop& loop,
                                                        Endpoint endpoint,
                                                        HttpHandler handler);
  // Connections are closed, requests that wait for an answer stay without.
  ~Server();

  // With the port that was taken.
  Endpoint endpoint() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Timers that nobody holds on to. They must be destroyed before their loop.
class Delays {
 public:
  explicit Delays(base::Loop& loop) : loop_(loop) {}

  // Runs `task` after `delay`, or at once if that is zero.
  void Run(absl::Duration delay, base::Task task);

 private:
  base::Loop& loop_;
  uint64_t next_ = 0;
  std::map<uint64_t, std::unique_ptr<base::Timer>> timers_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_SERVER_H_
