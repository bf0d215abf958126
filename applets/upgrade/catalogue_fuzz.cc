// A catalogue is a file from elsewhere: whatever it holds, reading it ends in
// an error or in releases that are written and read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "applets/upgrade/catalogue.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using applets::upgrade::Catalogue;
  const auto catalogue =
      Catalogue::Parse({reinterpret_cast<const char*>(bytes), size});
  if (!catalogue.ok()) return 0;
  const std::string text = ToJson(*catalogue);
  const auto again = Catalogue::Parse(text);
  if (!again.ok() || ToJson(*again) != text) std::abort();
  for (const auto& release : catalogue->releases()) {
    if (catalogue->Find(release.version) != &release) std::abort();
  }
  return 0;
}
