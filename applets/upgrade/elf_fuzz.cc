// The beginning of any file: looking at it reads nothing outside of it.
#include <cstdlib>
#include <string>

#include "applets/upgrade/elf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  // A copy of exactly that size, so that AddressSanitizer sees every overrun.
  const std::string head(reinterpret_cast<const char*>(bytes), size);
  const absl::Status whole = applets::upgrade::CheckElf(head, UINT64_MAX);
  const absl::Status part = applets::upgrade::CheckElf(head, size);
  // What is good with its own length is good with more.
  if (part.ok() && !whole.ok()) std::abort();
  return 0;
}
