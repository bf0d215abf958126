#include "base/http_stream.h"

#include <utility>

#include "base/http_transfer.h"
#include "base/status.h"

namespace base {

HttpStream::HttpStream(HttpOptions options)
    : transfer_(std::make_unique<HttpTransfer>(std::move(options))) {}

HttpStream::~HttpStream() = default;

absl::StatusOr<HttpResponse> HttpStream::Open(HttpRequest request) {
  RETURN_IF_ERROR(transfer_->Begin(std::move(request)));
  return transfer_->Head();
}

absl::StatusOr<std::string> HttpStream::Read() { return transfer_->Read(); }

void HttpStream::Close() { transfer_->End(); }

void HttpStream::Stop() { transfer_->Stop(); }

}  // namespace base
