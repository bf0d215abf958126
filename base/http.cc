#include "base/http.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/http_transfer.h"
#include "base/status.h"

namespace base {
namespace {

constexpr absl::string_view kNotSentPayload = "cnivpc/not-sent";

constexpr std::array<const char*, 5> kCaBundles = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Red Hat, CentOS
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older ones
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",
};

}  // namespace

HttpClient::HttpClient(HttpOptions options)
    : max_body_bytes_(options.max_body_bytes),
      transfer_(std::make_unique<HttpTransfer>(std::move(options))) {}

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpResponse> HttpClient::Do(const HttpRequest& request) {
  RETURN_IF_ERROR(transfer_->Begin(request));
  const absl::Cleanup end = [this] { transfer_->End(); };
  ASSIGN_OR_RETURN(HttpResponse response, transfer_->Head());
  for (;;) {
    ASSIGN_OR_RETURN(const std::string part, transfer_->Read());
    if (part.empty()) return response;
    if (part.size() > max_body_bytes_ - response.body.size()) {
      return transfer_->Annotated(absl::ResourceExhaustedError(absl::StrCat(
          "the answer is longer than ", max_body_bytes_, " bytes")));
    }
    response.body += part;
  }
}

void HttpClient::Stop() { transfer_->Stop(); }

absl::string_view HttpResponse::Header(absl::string_view name) const {
  const auto it = headers.find(std::string(name));
  return it == headers.end() ? absl::string_view() : it->second;
}

absl::Status MarkNotSent(absl::Status status) {
  status.SetPayload(kNotSentPayload, absl::Cord());
  return status;
}

bool WasNotSent(const absl::Status& status) {
  return status.GetPayload(kNotSentPayload).has_value();
}

std::string DefaultCaBundle() {
  for (const char* path : kCaBundles) {
    if (access(path, R_OK) == 0) return path;
  }
  return "";
}

std::string PercentEncode(absl::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (absl::ascii_isalnum(c) ||
        absl::string_view("-._~").find(c) != absl::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return encoded;
}

}  // namespace base
