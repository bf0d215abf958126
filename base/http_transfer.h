#ifndef CNIVPC_BASE_HTTP_TRANSFER_H_
#define CNIVPC_BASE_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http.h"

namespace base {

// One HTTP request on its way, by libcurl: what HttpClient and HttpStream have
// in common. Connections are kept from one request to the next. What is refused
// and which errors come is told in http.h.
//
// Not for two threads at once, but for Stop.
class HttpTransfer {
 public:
  explicit HttpTransfer(HttpOptions options);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Begins a request, and breaks off the one before.
  absl::Status Begin(HttpRequest request);
  // Waits for the head of the answer; its body stays empty.
  absl::StatusOr<HttpResponse> Head();
  // Waits for a part of the body; "" once all has been had.
  absl::StatusOr<std::string> Read();
  // `status` with the request's name before its message.
  absl::Status Annotated(const absl::Status& status) const;
  // Forgets the request; breaks it off if it isn't over.
  void End();

  // Makes the wait under way, and each later one, end with CANCELLED. For any
  // thread.
  void Stop();

 private:
  using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

  absl::Status WaitUntil(const std::function<bool()>& there,
                         absl::Duration longest);
  absl::Status Work();
  absl::Status CheckEnd() const;
  absl::Status ErrorOf(CURLcode code) const;
  bool NothingSent(CURLcode code) const;

  CURLcode Prepare();
  class Setup;
  void SetTrust(Setup& setup) const;
  void SetIdentity(Setup& setup) const;
  void SetBody(Setup& setup);

  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnSend(char* data, size_t size, size_t count, void* self);
  void TakeHeader(absl::string_view line);

  const HttpOptions options_;
  CURLM* multi_ = nullptr;
  CURL* curl_ = nullptr;
  std::atomic<bool> stopped_ = false;

  // Of the request under way.
  bool begun_ = false;
  bool over_ = false;
  CURLcode code_ = CURLE_OK;  // how it ended, if it is over
  std::string name_;          // "GET https://host/path"
  HttpRequest request_;
  Headers headers_;
  size_t sent_ = 0;  // of the request's body
  size_t header_bytes_ = 0;
  bool head_is_long_ = false;
  bool has_head_ = false;
  HttpResponse head_;
  std::string body_;  // what has come and wasn't read yet
  std::array<char, CURL_ERROR_SIZE> detail_ = {};
};

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_TRANSFER_H_
