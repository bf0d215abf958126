#include "applets/ipamd/fixed/moves.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace applets::ipamd::fixed {
namespace {

constexpr char kTime[] = "%Y-%m-%dT%H:%M:%SZ";

std::optional<Move> ParseMove(absl::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::ByAnyChar(">@"));
  if (parts.size() != 3) return std::nullopt;
  const auto from = base::Mac::Parse(parts[0]);
  const auto to = base::Mac::Parse(parts[1]);
  absl::Time at;
  std::string unused;
  if (!from.ok() || !to.ok() || *to == base::Mac() ||
      !absl::ParseTime(kTime, parts[2], absl::UTCTimeZone(), &at, &unused) ||
      at < absl::UnixEpoch() || at >= absl::InfiniteFuture()) {
    return std::nullopt;
  }
  return Move{*from, *to, at};
}

void AddOnce(std::vector<base::Mac>& macs, const base::Mac& mac,
             const base::Mac& self) {
  if (mac == base::Mac() || mac == self) return;
  if (std::find(macs.begin(), macs.end(), mac) == macs.end()) {
    macs.push_back(mac);
  }
}

}  // namespace

Moves ParseMoves(absl::string_view text) {
  Moves moves;
  for (const absl::string_view word :
       absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (moves.size() == kMaxMoves) break;
    if (const auto move = ParseMove(word)) moves.push_back(*move);
  }
  return moves;
}

std::string FormatMoves(const Moves& moves) {
  std::string text;
  for (const Move& move : moves) {
    absl::StrAppend(&text, text.empty() ? "" : " ", move.from.ToString(), ">",
                    move.to.ToString(), "@",
                    absl::FormatTime(kTime, move.at, absl::UTCTimeZone()));
  }
  return text;
}

std::vector<base::Mac> Holders(const Moves& moves,
                               const std::optional<base::Mac>& mac,
                               const base::Mac& self) {
  std::vector<base::Mac> holders;
  if (mac) AddOnce(holders, *mac, self);
  for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
    AddOnce(holders, move->to, self);
  }
  for (const Move& move : moves) AddOnce(holders, move.from, self);
  return holders;
}

absl::Time UnsafeUntil(const Moves& moves, const base::Mac& self,
                       absl::Time now) {
  absl::Time until = absl::InfinitePast();
  for (const Move& move : moves) {
    if (move.from != self || move.to == self) continue;
    const absl::Time over = move.at + kAftermath;
    if (now < over) until = std::max(until, over);
  }
  return until;
}

}  // namespace applets::ipamd::fixed
