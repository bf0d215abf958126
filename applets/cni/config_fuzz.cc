// Configurations and results come from outside: whatever they hold, reading
// them ends in a struct or an error, and what is written is JSON again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "applets/cni/config.h"
#include "applets/cni/error.h"
#include "applets/cni/result.h"

namespace applets::cni {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void FuzzError(const absl::Status& status) {
  for (const Verb verb : kVerbs) {
    const std::string json = ToJson(ToError(status, verb), kNewestVersion);
    Require(base::Json::Parse(json).ok());
  }
}

void FuzzResult(const base::Json& json) {
  const auto result = ParseResult(json);
  if (!result.ok()) return FuzzError(result.status());
  for (const SpecVersion version : kSpecVersions) {
    const std::string text = ToJson(*result, version);
    const auto parsed = base::Json::Parse(text);
    Require(parsed.ok());
    const auto again = ParseResult(*parsed);
    Require(again.ok() && ToJson(*again, version) == text);
  }
  FindInterface(*result, "eth0", "/run/netns/a").IgnoreError();
}

void Fuzz(absl::string_view text) {
  const auto document = ParseDocument(text);
  if (!document.ok()) return FuzzError(document.status());
  FuzzResult(*document);
  if (const auto status = CheckSupported(*document); !status.ok()) {
    FuzzError(status);
  }
  const auto config = ParseConfig(*document);
  if (!config.ok()) return FuzzError(config.status());
  if (config->prev_result) FuzzResult(*config->prev_result);
}

}  // namespace
}  // namespace applets::cni

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  applets::cni::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
