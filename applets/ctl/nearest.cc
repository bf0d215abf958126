#include "applets/ctl/nearest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"

namespace applets::ctl {
namespace {

// Nobody mistypes a longer word; keeps the work small for any input.
constexpr size_t kMaxBytes = 64;

absl::string_view WithoutDashes(absl::string_view word) {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

// The optimal string alignment distance: insertion, deletion, substitution and
// the swap of two neighbours cost one each.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1,
                                        std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// How far `candidate` is; at most a third of the letters may be wrong.
std::optional<size_t> Far(absl::string_view typed,
                          absl::string_view candidate) {
  if (absl::StartsWith(candidate, typed)) return 0;
  const size_t distance = Distance(typed, candidate);
  const size_t longest = std::max(typed.size(), candidate.size());
  if (distance > std::max<size_t>(1, longest / 3)) return std::nullopt;
  return distance;
}

}  // namespace

std::optional<absl::string_view> Nearest(
    absl::string_view typed, absl::Span<const absl::string_view> candidates) {
  typed = WithoutDashes(typed);
  if (typed.empty() || typed.size() > kMaxBytes) return std::nullopt;
  std::optional<absl::string_view> nearest;
  size_t least = 0;
  for (const absl::string_view candidate : candidates) {
    const std::optional<size_t> far = Far(typed, WithoutDashes(candidate));
    if (!far || (nearest && *far >= least)) continue;
    nearest = candidate;
    least = *far;
  }
  return nearest;
}

}  // namespace applets::ctl
