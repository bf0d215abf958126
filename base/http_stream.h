#ifndef CNIVPC_BASE_HTTP_STREAM_H_
#define CNIVPC_BASE_HTTP_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http.h"

namespace base {

class HttpTransfer;

// An HTTP/1.1 client for answers that come bit by bit and may last: it hands
// out what has come, and can be stopped from another thread. All else is as
// with HttpClient, errors included; beside those:
//   CANCELLED          Stop was called
//   DEADLINE_EXCEEDED  no byte came for head_timeout or idle_timeout, too
// Of the body, as much is kept as the server sends in one go (some MiB at most)
// until it is read; max_body_bytes doesn't matter.
//
// Blocks. Not for two threads at once, but for Stop.
class HttpStream {
 public:
  explicit HttpStream(HttpOptions options);
  ~HttpStream();
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  // Sends a request and waits for the head of the answer, which is returned
  // without a body. Breaks off the one before.
  absl::StatusOr<HttpResponse> Open(HttpRequest request);
  // Waits for the next part of the body; "" at its end.
  absl::StatusOr<std::string> Read();
  // Breaks off what isn't read to its end.
  void Close();

  // Makes an Open or Read under way, and each later one, return CANCELLED. For
  // any thread, while this object lives.
  void Stop();

 private:
  const std::unique_ptr<HttpTransfer> transfer_;
};

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_STREAM_H_
