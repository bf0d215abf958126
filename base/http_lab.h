#ifndef CNIVPC_BASE_HTTP_LAB_H_
#define CNIVPC_BASE_HTTP_LAB_H_

#include <functional>
#include <map>
#include <memory>
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
  // Speaks HTTPS.
  HttpLab(Answers answers, const LabCertificate& certificate);
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
