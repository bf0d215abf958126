#ifndef CNIVPC_BASE_HTTP_H_
#define CNIVPC_BASE_HTTP_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace base {

struct HttpRequest {
  std::string method = "GET";
  // "http://…" or "https://…", without credentials.
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  absl::Duration timeout = absl::Seconds(30);  // for all of it; an hour at most
  absl::Duration head_timeout = absl::InfiniteDuration();  // for the first byte
  absl::Duration idle_timeout = absl::InfiniteDuration();  // between two parts
};

struct HttpResponse {
  int status = 0;
  // Names in lower case; of a header that comes twice, the last.
  std::map<std::string, std::string> headers = {};
  std::string body = {};

  // "" if there is none. `name` in lower case.
  absl::string_view Header(absl::string_view name) const;
};

struct HttpOptions {
  // PEM file of the authorities that are trusted; "" for the distribution's,
  // found at run time (DefaultCaBundle). Or else the PEM text itself, which
  // goes before the file.
  std::string ca_bundle = {};
  std::string ca_pem = {};
  // PEM files of the client's own certificate, "" for none; and of its key, ""
  // if the first has it, too. They are read for each new connection. Or else
  // the PEM texts, which go before the files.
  std::string certificate = {};
  std::string key = {};
  std::string certificate_pem = {};
  std::string key_pem = {};
  // HTTPS isn't verified: whoever answers is believed. Only for a user who has
  // asked for it.
  bool skip_verification = false;
  absl::Duration connect_timeout = absl::Seconds(10);
  size_t max_body_bytes = size_t{8} << 20;
  std::string user_agent = "cnivpc";
};

class HttpTransfer;

// An HTTP/1.1 client that blocks. Keeps connections open and uses them again.
// Not for two threads at once, but for one after the other.
//
// HTTPS is verified (but for skip_verification). Redirects aren't followed. No
// proxy is used, and no variable of the environment is looked at. A request
// other than GET and HEAD is sent once at most, even when a kept connection
// turns out to be dead.
//
// Errors name the method and scheme://host/path; the query, headers and bodies
// never stand in one:
//   INVALID_ARGUMENT     the request makes no sense, e.g. its URL
//   FAILED_PRECONDITION  the CA bundle or the certificate can't be read
//   UNAVAILABLE          no connection, or it broke
//   DEADLINE_EXCEEDED    no answer in time
//   RESOURCE_EXHAUSTED   the answer is longer than max_body_bytes
//   CANCELLED            Stop was called
// WasNotSent tells those where the server can't have seen the request.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Whatever the server answers is OK, also 404 or 503.
  absl::StatusOr<HttpResponse> Do(const HttpRequest& request);

  // Makes a Do under way, and each later one, return CANCELLED. For any thread,
  // while this object lives.
  void Stop();

 private:
  const size_t max_body_bytes_;
  const std::unique_ptr<HttpTransfer> transfer_;
};

// Marks an error of a request that can't have been seen by the server: no
// connection, no TLS session, or not even tried. Repeating it is harmless. The
// mark is kept when the status is annotated.
absl::Status MarkNotSent(absl::Status status);
bool WasNotSent(const absl::Status& status);

// Where Debian, Red Hat, SUSE or Alpine keep the trusted authorities; "" if
// this machine has none of these files.
std::string DefaultCaBundle();

// `text` with all but letters, digits and "-._~" as %XX (RFC 3986 §2.3).
std::string PercentEncode(absl::string_view text);

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_H_
