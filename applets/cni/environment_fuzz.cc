// The input is a block of NUL-terminated "NAME=VALUE", as the kernel hands a
// process its environment.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/str_split.h"
#include "applets/cni/environment.h"
#include "applets/cni/error.h"
#include "base/json.h"

namespace applets::cni {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Fuzz(absl::string_view block) {
  std::map<std::string, std::string> variables;
  for (const absl::string_view entry : absl::StrSplit(block, '\0')) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(entry, absl::MaxSplits('=', 1));
    variables.insert(pair);
  }
  const auto environment =
      ReadEnvironment([&](const char* name) -> const char* {
        const auto it = variables.find(name);
        return it == variables.end() ? nullptr : it->second.c_str();
      });
  if (environment.ok()) return;
  const Error error = ToError(environment.status(), Verb::kAdd);
  Require(error.code == Code::kBadEnvironment);
  Require(base::Json::Parse(ToJson(error, kNewestVersion)).ok());
}

}  // namespace
}  // namespace applets::cni

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  applets::cni::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
