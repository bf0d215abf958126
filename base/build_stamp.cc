// Compiled anew for each link: Bazel gives it what tools/workspace_status.sh
// prints as macros, and nothing if the binary isn't stamped.
#include "base/build_stamp.h"

namespace base {

#ifdef STABLE_GIT_COMMIT
extern const char kStampedCommit[] = STABLE_GIT_COMMIT;
#else
extern const char kStampedCommit[] = "unknown";
#endif

#ifdef BUILD_TIME
extern const char kStampedBuildTime[] = BUILD_TIME;
#else
extern const char kStampedBuildTime[] = "unknown";
#endif

}  // namespace base
