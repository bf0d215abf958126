#include "base/http_clients.h"

namespace base {

absl::StatusOr<HttpResponse> HttpClients::Do(const HttpRequest& request) {
  std::unique_ptr<HttpClient> client = Take();
  absl::StatusOr<HttpResponse> response = client->Do(request);
  Give(std::move(client));
  return response;
}

std::unique_ptr<HttpClient> HttpClients::Take() {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<HttpClient> client;
  if (idle_.empty()) {
    client = std::make_unique<HttpClient>(options_);
  } else {
    client = std::move(idle_.back());
    idle_.pop_back();
  }
  if (stopped_) client->Stop();
  taken_.insert(client.get());
  return client;
}

void HttpClients::Give(std::unique_ptr<HttpClient> client) {
  const std::lock_guard lock(mutex_);
  taken_.erase(client.get());
  if (idle_.size() < max_idle_) idle_.push_back(std::move(client));
}

void HttpClients::CloseIdle() {
  std::vector<std::unique_ptr<HttpClient>> idle;  // goes without the lock
  const std::lock_guard lock(mutex_);
  idle.swap(idle_);
}

void HttpClients::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (HttpClient* client : taken_) client->Stop();
}

}  // namespace base
