// Anything that a program might print when it is asked for its version.
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "applets/upgrade/version_output.h"

// What was understood is understood the same again, and equals itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using applets::upgrade::Version;
  const absl::string_view output(reinterpret_cast<const char*>(bytes), size);
  const auto report = applets::upgrade::ParseVersionOutput(output);
  if (!report.ok() || !report->version) return 0;
  const auto again = Version::Parse(report->version->text());
  if (!again.ok() || *again != *report->version) std::abort();
  if (again->lts() && again->prerelease()) std::abort();
  return 0;
}
