// The facts that Bazel only knows when it links the executable.
#ifndef BASE_BUILD_STAMP_H_
#define BASE_BUILD_STAMP_H_

namespace base {

extern const char kStampedCommit[];
extern const char kStampedBuildTime[];

}  // namespace base

#endif  // BASE_BUILD_STAMP_H_
