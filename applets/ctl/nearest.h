#ifndef CNIVPC_APPLETS_CTL_NEAREST_H_
#define CNIVPC_APPLETS_CTL_NEAREST_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace applets::ctl {

// The candidate that `typed` was most likely meant to be: the one with the
// fewest letters added, left out, changed or swapped, the first of several. A
// beginning counts as near. nullopt when nothing is near. Leading dashes don't
// matter.
std::optional<absl::string_view> Nearest(
    absl::string_view typed, absl::Span<const absl::string_view> candidates);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_NEAREST_H_
