#ifndef CNIVPC_VPC_UCLOUD_HTTP_CLIENTS_H_
#define CNIVPC_VPC_UCLOUD_HTTP_CLIENTS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http.h"

namespace vpc::ucloud {

// As many HTTP clients as there are requests at once; `max_idle` of them, and
// so their connections, are kept for later. May be used by several threads.
class HttpClients {
 public:
  HttpClients(base::HttpOptions options, size_t max_idle)
      : options_(std::move(options)), max_idle_(max_idle) {}

  // As base::HttpClient::Do.
  absl::StatusOr<base::HttpResponse> Do(const base::HttpRequest& request);

 private:
  std::unique_ptr<base::HttpClient> Take();
  void Give(std::unique_ptr<base::HttpClient> client);

  const base::HttpOptions options_;
  const size_t max_idle_;
  std::mutex mutex_;
  // The one used last is used next, so that few connections stay open.
  std::vector<std::unique_ptr<base::HttpClient>> idle_;  // guarded by mutex_
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_HTTP_CLIENTS_H_
