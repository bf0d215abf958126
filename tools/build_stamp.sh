#!/bin/bash
# build_stamp.sh STABLE_STATUS VOLATILE_STATUS: the facts of
# tools/workspace_status.sh as C++ definitions (declared in base/build_info.cc).
set -euo pipefail
value() { sed -n "s/^$1 //p" "$2"; }
cat <<EOF
namespace base {
extern const char kStampedCommit[] = "$(value STABLE_GIT_COMMIT "$1")";
extern const char kStampedBuildTime[] = "$(value BUILD_TIME "$2")";
}  // namespace base
EOF
