#ifndef CNIVPC_BASE_HTTP_CLIENTS_H_
#define CNIVPC_BASE_HTTP_CLIENTS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http.h"

namespace base {

// As many HTTP clients as there are requests at once; `max_idle` of them, and
// so their connections, are kept for later. May be used by several threads.
class HttpClients {
 public:
  HttpClients(HttpOptions options, size_t max_idle)
      : options_(std::move(options)), max_idle_(max_idle) {}

  // As HttpClient::Do.
  absl::StatusOr<HttpResponse> Do(const HttpRequest& request);

  // Closes the connections that are kept.
  void CloseIdle();

  // Makes every Do under way, and each later one, return CANCELLED.
  void Stop();

 private:
  std::unique_ptr<HttpClient> Take();
  void Give(std::unique_ptr<HttpClient> client);

  const HttpOptions options_;
  const size_t max_idle_;
  std::mutex mutex_;
  bool stopped_ = false;         // guarded by mutex_, as all below
  std::set<HttpClient*> taken_;  // owned by who took it
  // The one used last is used next, so that few connections stay open.
  std::vector<std::unique_ptr<HttpClient>> idle_;
};

}  // namespace base

#endif  // CNIVPC_BASE_HTTP_CLIENTS_H_
