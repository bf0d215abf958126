#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "applets/rpc/query.h"
#include "applets/upgrade/page/orders.h"
#include "applets/upgrade/page/rows.h"

// A path, a line's end, and a body; or a query.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) {
    if (const auto query = applets::rpc::ParseQuery(text); query.ok()) {
      static_cast<void>(applets::upgrade::page::QuestionOf(*query));
    }
    return 0;
  }
  static_cast<void>(applets::upgrade::page::ParseOrder(text.substr(0, end),
                                                       text.substr(end + 1)));
  return 0;
}
