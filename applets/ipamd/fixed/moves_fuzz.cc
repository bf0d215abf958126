// A claim's annotation, which anybody may write: what is understood is the same
// when it is written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "applets/ipamd/fixed/moves.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace applets::ipamd::fixed;  // NOLINT
  const Moves moves =
      ParseMoves(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (moves.size() > kMaxMoves) abort();
  if (ParseMoves(FormatMoves(moves)) != moves) abort();
  return 0;
}
