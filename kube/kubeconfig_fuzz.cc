// Any text is read as a kubeconfig, or refused with the field's name; what is
// taken can be used.

#include "kube/kubeconfig.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace {

void Must(bool holds) {
  if (!holds) std::abort();
}

void Check(const absl::Status& error) {
  Must(absl::IsInvalidArgument(error) || absl::IsUnimplemented(error));
  Must(!error.message().empty());
}

void Check(const kube::Config& config) {
  Must(absl::StartsWith(config.server, "https://") ||
       absl::StartsWith(config.server, "http://"));
  Must(config.certificate.empty() == config.key.empty());
  Must(!config.skip_verification || config.authority.empty());
  for (const auto& file : {config.certificate.file, config.key.file,
                           config.authority.file, config.token_file}) {
    Must(file.empty() || absl::StartsWith(file, "/"));
  }
}

}  // namespace

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = kube::ParseKubeconfig(text, "/etc");
  if (config.ok()) {
    Check(*config);
  } else {
    Check(config.status());
  }
  return 0;
}
