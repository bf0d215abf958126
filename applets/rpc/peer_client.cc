#include "applets/rpc/peer_client.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "applets/rpc/messages_error.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr char kRefusedPayload[] = "cnivpc/refused";
constexpr absl::Duration kConnectTimeout = absl::Seconds(3);
// A pool of 30,000 addresses.
constexpr size_t kMaxAnswerBytes = size_t{16} << 20;

base::HttpRequest Post(std::string body, absl::Duration timeout) {
  return {.method = "POST",
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body),
          .timeout = timeout};
}

absl::Status Refused(absl::Status status) {
  status.SetPayload(kRefusedPayload, absl::Cord());
  return status;
}

}  // namespace

bool WasRefused(const absl::Status& status) {
  return status.GetPayload(kRefusedPayload).has_value();
}

// A client of its own for new files: libcurl keeps connections, and
// authorities, longer than the files that they came from.
absl::Status PeerClient::Prepare() {
  std::string stamp = StampOf(
      {access_.certificate, access_.key, access_.ca, access_.token_file});
  if (http_ != nullptr && stamp == stamp_) return absl::OkStatus();
  if (!access_.tls()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> tokens,
                     ReadTokens(access_.token_file));
    authorization_ = absl::StrCat("Bearer ", tokens.front());
  }
  http_ = std::make_unique<base::HttpClient>(
      base::HttpOptions{.ca_bundle = access_.ca,
                        .certificate = access_.certificate,
                        .key = access_.key,
                        .connect_timeout = kConnectTimeout,
                        .max_body_bytes = kMaxAnswerBytes});
  stamp_ = std::move(stamp);
  return absl::OkStatus();
}

absl::StatusOr<std::string> PeerClient::Call(const Peer& peer,
                                             base::HttpRequest request,
                                             absl::string_view path) {
  const std::string name = absl::StrCat("node ", peer.node);
  if (const absl::Status status = Prepare(); !status.ok()) {
    return base::MarkNotSent(base::Annotate(status, name));
  }
  request.url = absl::StrCat(access_.tls() ? "https" : "http", "://",
                             peer.address.ToString(), ":", peer.port, path);
  if (!authorization_.empty()) {
    request.headers.emplace_back("Authorization", authorization_);
  }
  absl::StatusOr<base::HttpResponse> response = http_->Do(request);
  if (!response.ok()) return base::Annotate(response.status(), name);
  if (response->status == 200) return std::move(response->body);
  return Refused(base::Annotate(ParseError(response->body), name));
}

absl::StatusOr<LendReply> PeerClient::Lend(const Peer& peer,
                                           const LendRequest& request,
                                           absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::string body,
                   Call(peer, Post(ToJson(request), timeout), "/v1/lend"));
  return ParseLendReply(body);
}

absl::Status PeerClient::Settle(const Peer& peer, const SettleRequest& request,
                                absl::Duration timeout) {
  return Call(peer, Post(ToJson(request), timeout), "/v1/settle").status();
}

absl::StatusOr<SpareReply> PeerClient::Spare(const Peer& peer,
                                             absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::string body,
                   Call(peer, {.timeout = timeout}, "/v1/spare"));
  return ParseSpareReply(body);
}

absl::StatusOr<std::string> PeerClient::Look(const Peer& peer,
                                             absl::string_view path,
                                             absl::Duration timeout) {
  return Call(peer, {.timeout = timeout}, path);
}

}  // namespace applets::rpc
