#ifndef CNIVPC_APPLETS_CTL_PARSE_H_
#define CNIVPC_APPLETS_CTL_PARSE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// The longest that --timeout may be.
inline constexpr absl::Duration kMaxTimeout = absl::Hours(1);
// And --since: a year.
inline constexpr absl::Duration kMaxSince = absl::Hours(24 * 365);
// The time-out of commands that make ipamd ask the VPC.
inline constexpr absl::Duration kVpcTimeout = absl::Seconds(30);

// A command line, without the program's name. Flags may stand anywhere: `-o
// json`, `-ojson`, `-o=json`, `--output json`, `--output=json`; the last of
// several wins, and after `--` there are none. InvalidArgument says what is
// wrong, and which word may have been meant.
//
// Not gflags: all applets are one executable, in which a flag can be defined
// only once and ipamd has a --socket too. gflags also has no short flags, no
// commands, takes every flag for every command, and lists those of all
// libraries in --help.
absl::StatusOr<Options> Parse(absl::Span<const std::string> arguments);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_PARSE_H_
