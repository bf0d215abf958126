#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_SERVER_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/upgrade/page/router.h"
#include "base/address.h"
#include "base/loop.h"

struct evhttp_request;

namespace applets::upgrade::page {

// Where to listen: "127.0.0.1:8080", "localhost:8080"; port 0 takes a free one.
struct Endpoint {
  base::Ipv4 address = {};
  uint16_t port = 0;

  static absl::StatusOr<Endpoint> Parse(absl::string_view text);
  bool loopback() const;
  std::string ToString() const;
};

// Events to one browser, for as long as it listens (HTML Standard §9.2). Lives
// on the loop's thread; may be held on to longer than the browser listens.
class Stream {
 public:
  virtual ~Stream() = default;
  // {"event": EVENT, "data": JSON}, JSON being one line. A browser that doesn't
  // read is hung up on: it will come again, and begin anew.
  virtual void Send(absl::string_view event, absl::string_view json) = 0;
  virtual bool open() const = 0;
};

// One request's answer: exactly one of the two is called, now or later, on the
// loop's thread, and before the Server is destroyed.
struct Exchange {
  std::function<void(const Response&)> answer;
  std::function<std::shared_ptr<Stream>()> follow;
};

// HTTP/1.1 on TCP (libevent's evhttp), with or without TLS, on a Loop's thread.
class Server {
 public:
  struct Options {
    Endpoint endpoint = {};
    std::string certificate = {};  // PEM files; both, or none
    std::string key = {};
  };
  using Handler = std::function<void(const Request&, Exchange)>;
  static constexpr size_t kMaxHeaderBytes = 16 << 10;  // and the first line
  static constexpr size_t kMaxUnreadBytes = 1 << 20;   // of a stream
  static constexpr size_t kMaxStreams = 64;            // then the oldest ends

  // Ignores SIGPIPE in the process from now on. FAILED_PRECONDITION when the
  // certificate can't be used; else bind(2)'s errors.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(base::Loop& loop,
                                                        const Options& options,
                                                        Handler handler);
  ~Server();

  // With the port that was taken.
  Endpoint endpoint() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_SERVER_H_
