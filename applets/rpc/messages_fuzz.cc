// Bodies that came from elsewhere: a parser refuses them with a message, or
// what it has read can be written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/messages_admin.h"
#include "applets/rpc/messages_error.h"
#include "applets/rpc/messages_events.h"
#include "applets/rpc/messages_node.h"
#include "applets/rpc/messages_pool.h"

namespace applets::rpc {
namespace {

void Require(bool holds) {
  if (!holds) abort();
}

template <typename Message>
void RoundTrip(absl::StatusOr<Message> (*parse)(absl::string_view),
               absl::string_view body) {
  const auto message = parse(body);
  if (!message.ok()) {
    Require(!message.status().message().empty());
    return;
  }
  const std::string written = ToJson(*message);
  const auto again = parse(written);
  Require(again.ok());
  Require(ToJson(*again) == written);
}

void Try(absl::string_view body) {
  RoundTrip(ParseAcquireRequest, body);
  RoundTrip(ParseAcquireReply, body);
  RoundTrip(ParseAttachment, body);
  RoundTrip(ParseReleaseRequest, body);
  RoundTrip(ParseGcRequest, body);
  RoundTrip(ParseGcReply, body);
  RoundTrip(ParsePoolReply, body);
  RoundTrip(ParseNodeReply, body);
  RoundTrip(ParseEventsReply, body);
  RoundTrip(ParseWhyReply, body);
  RoundTrip(ParseAddressRequest, body);
  RoundTrip(ParseAddressReply, body);
  RoundTrip(ParseGiveBackRequest, body);
  RoundTrip(ParseGiveBackReply, body);
  RoundTrip(ParseUnusedReply, body);
  RoundTrip(ParseSweepRequest, body);
  RoundTrip(ParseSweepReply, body);
  const absl::Status error = ParseError(body);
  Require(!error.ok());
  Require(ParseError(ErrorToJson(error)) == error);
}

}  // namespace
}  // namespace applets::rpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  applets::rpc::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
