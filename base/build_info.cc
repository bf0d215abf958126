#include "base/build_info.h"

#include "base/build_stamp.h"
#include "base/version.h"

namespace base {
namespace {

#if defined(__clang__)
constexpr std::string_view kCompiler = "clang++ " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

}  // namespace

BuildInfo GetBuildInfo() {
  return {.version = kVersion,
          .commit = kStampedCommit,
          .build_time = kStampedBuildTime,
          .compiler = kCompiler};
}

}  // namespace base
