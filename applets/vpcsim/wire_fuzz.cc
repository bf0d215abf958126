#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/wire.h"

// First byte: g GET, f a form, j JSON. What is taken keeps the limits.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using applets::vpcsim::WireRequest;
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  WireRequest request;
  request.method = WireRequest::Method::kPost;
  request.body = text;
  request.content_type = "application/x-www-form-urlencoded";
  if (data[0] == 'j') request.content_type = "application/json";
  if (data[0] == 'g') {
    request = {WireRequest::Method::kGet, text, "", ""};
  }
  const auto result = applets::vpcsim::ReadCall(request);
  if (const auto* call = std::get_if<applets::vpcsim::WireCall>(&result)) {
    if (call->call.params.size() > applets::vpcsim::kMaxParams) abort();
    for (const auto& [name, value] : call->call.params) {
      if (name.empty() || name.size() > applets::vpcsim::kMaxNameBytes ||
          value.size() > applets::vpcsim::kMaxValueBytes) {
        abort();
      }
    }
  }
  return 0;
}
