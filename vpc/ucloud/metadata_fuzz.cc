// Whatever a metadata service or an environment file says, reading it ends in a
// value that makes sense or an error that quotes none of it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "vpc/ucloud/credentials_document.h"
#include "vpc/ucloud/environment.h"
#include "vpc/ucloud/metadata.h"

namespace vpc::ucloud {
namespace {

// All keys of the corpus have it.
constexpr char kSecret[] = "EXAMPLE";

void Require(bool condition) {
  if (!condition) std::abort();
}

void FuzzIdentity(absl::string_view text) {
  const auto identity = ParseIdentity(text);
  if (!identity.ok()) return;
  const Interface* main = MainInterface(*identity);
  Require(main != nullptr && !main->subnet_id.empty());
  Require(InterfaceWith(*identity, main->mac) != nullptr);
  Require(!ObjectIdOf(*identity).empty());
  int defaults = 0;
  for (const Interface& interface : identity->interfaces) {
    if (interface.is_default) ++defaults;
  }
  Require(defaults == 1);
}

void RequireSense(const absl::StatusOr<Keys>& keys) {
  if (keys.ok()) {
    Require(!keys->public_key.empty() && !keys->private_key.empty());
    return;
  }
  // A refusal's own reason may be quoted: nothing is secret in that document.
  if (absl::IsFailedPrecondition(keys.status())) return;
  Require(!absl::StrContains(keys.status().ToString(), kSecret));
}

void FuzzEnvironment(absl::string_view text) {
  const auto variables = ParseEnvironmentFile(text);
  if (!variables.ok()) {
    Require(!absl::StrContains(variables.status().ToString(), kSecret));
    return;
  }
  EnvironmentOf(*variables);
  RequireSense(KeysOf(*variables));
}

void Fuzz(absl::string_view text) {
  FuzzIdentity(text);
  for (const auto& keys : {ParseKeysV1(text), ParseKeysV2(text)}) {
    RequireSense(keys);
    Require(!keys.ok() || (keys->expires > absl::UnixEpoch() &&
                           keys->expires < absl::InfiniteFuture()));
  }
  FuzzEnvironment(text);
}

}  // namespace
}  // namespace vpc::ucloud

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vpc::ucloud::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
