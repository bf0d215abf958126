#ifndef CNIVPC_BASE_HTTP_LAB_H_
#define CNIVPC_BASE_HTTP_LAB_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace base {

// What a test's server was sent.
struct LabRequest {
  int connection = 0;  // 1 is the first that was accepted
  std::string method = {};
  std::string target = {};                          // path and query
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};
};

// What it does about it.
struct LabAnswer {
  enum class Then {
    kKeep,     // the connection stays open
    kClose,    // it is closed after the answer
    kReset,    // no answer: it is reset (RST)
    kSilence,  // no answer, ever
  };
  int status = 200;
  std::string body = {};
  std::map<std::string, std::string> headers = {};
  Then then = Then::kKeep;
  // If set, the body comes in chunks, after `body`: each call's, while it
  // returns one. Called on the connection's thread, which it may block until
  // the test lets it go on; it must return before the lab is destroyed.
  std::function<std::optional<std::string>()> next_chunk = {};
};

// Chunks that a test sends when it likes, as LabAnswer::next_chunk.
class LabChunks {
 public:
  void Send(std::string chunk);
  void End();
  // Waits for the next one; nullopt once it has ended.
  std::optional<std::string> Next();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> chunks_;  // guarded by mutex_
  bool ended_ = false;              // guarded by mutex_
};

// A self-signed certificate for 127.0.0.1, made anew, in PEM.
struct LabCertificate {
  std::string certificate = {};
  std::string key = {};
};
LabCertificate MakeLabCertificate();

// An HTTP/1.1 server for tests, on a free port of 127.0.0.1: real sockets, one
// thread a connection. What it answers is up to the test.
class HttpLab {
 public:
  // Called on the connections' threads, one at a time.
  using Answers = std::function<LabAnswer(const LabRequest&)>;

  explicit HttpLab(Answers answers);
  // Speaks HTTPS. With `client_ca` (PEM), only to who shows a certificate of
  // that authority.
  HttpLab(Answers answers, const LabCertificate& certificate,
          const std::string& client_ca = "");
  ~HttpLab();
  HttpLab(const HttpLab&) = delete;
  HttpLab& operator=(const HttpLab&) = delete;

  // "http://127.0.0.1:PORT", without a path.
  std::string url() const;
  int port() const;
  // All requests so far.
  std::vector<LabRequest> requests() const;

 private:
  struct State;

  const std::unique_ptr<State> state_;
};

// A port of 127.0.0.1 where nobody listens.
int ClosedPort();

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_LAB_H_
