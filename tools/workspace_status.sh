#!/bin/bash
# Facts about this build for Bazel's stamping (base/build_info). Only stamped
# binaries depend on them. Must not fail: a source tarball has no git.
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
# A clean tree's build time is its commit's: the same commit, the same executable.
time=$(git log -1 --format=%ct 2>/dev/null || true)
if [ -n "$(git status --porcelain --untracked-files=no 2>/dev/null)" ]; then
  commit+=-dirty
  time=
fi
time=${SOURCE_DATE_EPOCH:-$time}
echo "STABLE_GIT_COMMIT $commit"
echo "BUILD_TIME $(date -u ${time:+-d "@$time"} +%Y-%m-%dT%H:%M:%SZ)"
