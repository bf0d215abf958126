#ifndef CNIVPC_APPLETS_IPAMD_FIXED_MOVES_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_MOVES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

namespace applets::ipamd::fixed {

// A fixed address is about to move between two interfaces. It stands in the
// claim's annotation before the VPC is asked, and is taken out when the outcome
// is known, so that whoever comes next knows where the address may be:
//
//   "52:54:00:7e:00:11>52:54:00:7e:00:12@2026-11-26T06:43:27Z …"
//
// A move from 00:00:00:00:00:00 is from nobody: the VPC is asked for that very
// address.
struct Move {
  base::Mac from;
  base::Mac to;
  absl::Time at;  // when the last attempt began, by that node's clock

  friend bool operator==(const Move&, const Move&) = default;
};
using Moves = std::vector<Move>;

// A move may take effect until so long after it began: the call's own limit,
// what the VPC may take after the caller gave up (pool::ShiftOptions), and what
// nodes' clocks may differ by. Until then the address isn't brought back to
// where it came from: a late move would take it away from there.
inline constexpr absl::Duration kAftermath = absl::Seconds(30 + 65 + 10);
// A claim has no more moves than this.
inline constexpr size_t kMaxMoves = 16;

// What can't be understood is left out, and so is what is more than kMaxMoves.
Moves ParseMoves(absl::string_view text);
std::string FormatMoves(const Moves& moves);

// Where the address may be, the likeliest first: `mac`, where the claim says it
// is, and where it was about to go; but not `self`.
std::vector<base::Mac> Holders(const Moves& moves,
                               const std::optional<base::Mac>& mac,
                               const base::Mac& self);

// Until when an address that is brought to `self` could be taken away again by
// a move from there that may not be over; InfinitePast if it couldn't.
absl::Time UnsafeUntil(const Moves& moves, const base::Mac& self,
                       absl::Time now);

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_MOVES_H_
