#!/bin/bash
# Facts about this build for Bazel's stamping (base/build_info). Only stamped
# binaries depend on them. Must not fail: a source tarball has no git.
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=-dirty
echo "STABLE_GIT_COMMIT $commit"
echo "BUILD_TIME $(date -u ${SOURCE_DATE_EPOCH:+-d "@$SOURCE_DATE_EPOCH"} +%Y-%m-%dT%H:%M:%SZ)"
