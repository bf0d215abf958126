// A network configuration is somebody else's file: whatever it holds, what a
// plugin gets to read of it is JSON again, and so is what is written back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "applets/upgrade/conflist.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using applets::upgrade::Conflist;
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto list = Conflist::Parse(text);
  if (!list.ok()) return 0;
  for (size_t i = 0; i < list->types().size(); ++i) {
    const std::string request = list->RequestFor(i, R"({"ips":[]})");
    if (!base::Json::Parse(request).ok()) std::abort();
  }
  const auto changed = applets::upgrade::WithVersion(text, "1.0.0");
  if (!changed.ok()) std::abort();
  const auto again = Conflist::Parse(*changed);
  if (!again.ok() || again->version() != "1.0.0" ||
      again->types() != list->types()) {
    std::abort();
  }
  return 0;
}
