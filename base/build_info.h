// What this build is. Thread-safe: constants.
#ifndef CNIVPC_BASE_BUILD_INFO_H_
#define CNIVPC_BASE_BUILD_INFO_H_

#include <string_view>

namespace base {

// All views end in a NUL and live for ever.
struct BuildInfo {
  std::string_view version;     // "0.1.0", from the file VERSION
  std::string_view commit;      // "3f2a…" or "3f2a…-dirty"
  std::string_view build_time;  // "2023-11-24T02:49:00Z"
  std::string_view compiler;    // "g++ 12.2.0"
};

// `commit` and `build_time` are "unknown" in everything but the stamped
// executable, so that tests don't depend on them.
BuildInfo GetBuildInfo();

}  // namespace base

#endif  // CNIVPC_BASE_BUILD_INFO_H_
