#ifndef CNIVPC_APPLETS_CTL_AGE_H_
#define CNIVPC_APPLETS_CTL_AGE_H_

#include <string>

#include "absl/time/time.h"

namespace applets::ctl {

// A length of time as kubectl prints it, with at most two units and only as
// exact as its length deserves: 5s, 119s, 3m12s, 45m, 4h, 7h5m, 2d3h, 90d,
// 2y10d. 0s for a negative one, which two clocks that differ may give.
std::string FormatAge(absl::Duration age);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_AGE_H_
