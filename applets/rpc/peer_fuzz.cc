#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "applets/rpc/peer_http.h"
#include "applets/rpc/peer_messages.h"
#include "applets/rpc/query.h"

namespace {

void Must(bool holds) {
  if (!holds) abort();
}

// What was read once is written so that it reads the same.
template <typename Message>
void CheckStable(const absl::StatusOr<Message>& message,
                 absl::StatusOr<Message> (*parse)(absl::string_view)) {
  if (!message.ok()) return;
  const std::string json = ToJson(*message);
  const absl::StatusOr<Message> again = parse(json);
  Must(again.ok() && ToJson(*again) == json);
}

void CheckMessages(const std::string& body) {
  namespace rpc = applets::rpc;
  CheckStable(rpc::ParseLendRequest(body), rpc::ParseLendRequest);
  CheckStable(rpc::ParseLendReply(body), rpc::ParseLendReply);
  CheckStable(rpc::ParseSettleRequest(body), rpc::ParseSettleRequest);
  CheckStable(rpc::ParseSpareReply(body), rpc::ParseSpareReply);
}

void CheckQuery(const applets::rpc::Query& query) {
  const std::string text = applets::rpc::FormatQuery(query);
  const auto again = applets::rpc::ParseQuery(text.empty() ? "" : &text[1]);
  Must(again.ok() && *again == query);
}

}  // namespace

// A connection's bytes: requests, one after the other, and what their bodies
// say.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using applets::rpc::PeerRequest;
  std::string buffer(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const size_t before = buffer.size();
    const absl::StatusOr<std::optional<PeerRequest>> request =
        applets::rpc::TakeRequest(&buffer);
    if (!request.ok()) return 0;
    if (!request->has_value()) {
      Must(buffer.size() == before &&
           before < applets::rpc::kMaxPeerHeadBytes +
                        applets::rpc::kMaxPeerBodyBytes);
      return 0;
    }
    Must(buffer.size() < before);
    Must((*request)->path[0] == '/');
    Must((*request)->body.size() <= applets::rpc::kMaxPeerBodyBytes);
    CheckQuery((*request)->query);
    CheckMessages((*request)->body);
  }
}
