#include "vpc/ucloud/http_clients.h"

#include <utility>

namespace vpc::ucloud {

absl::StatusOr<base::HttpResponse> HttpClients::Do(
    const base::HttpRequest& request) {
  std::unique_ptr<base::HttpClient> client = Take();
  absl::StatusOr<base::HttpResponse> response = client->Do(request);
  Give(std::move(client));
  return response;
}

std::unique_ptr<base::HttpClient> HttpClients::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<base::HttpClient> client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  return std::make_unique<base::HttpClient>(options_);
}

void HttpClients::Give(std::unique_ptr<base::HttpClient> client) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < max_idle_) idle_.push_back(std::move(client));
}

}  // namespace vpc::ucloud
