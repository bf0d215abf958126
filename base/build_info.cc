#include "base/build_info.h"

#include "base/version.h"

namespace base {

// Defined by tools/build_stamp.sh, in the executable alone.
extern const char kStampedCommit[] __attribute__((weak));
extern const char kStampedBuildTime[] __attribute__((weak));

namespace {

#if defined(__clang__)
constexpr std::string_view kCompiler = "clang++ " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

std::string_view OrUnknown(const char* stamped) {
  return stamped != nullptr ? stamped : "unknown";
}

}  // namespace

BuildInfo GetBuildInfo() {
  return {.version = kVersion,
          .commit = OrUnknown(kStampedCommit),
          .build_time = OrUnknown(kStampedBuildTime),
          .compiler = kCompiler};
}

}  // namespace base
