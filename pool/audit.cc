#include "pool/audit.h"

#include <algorithm>

namespace pool {

// Those that look wrong now and did so `settle` ago. Who looks right again is
// no suspect any more.
template <typename Key>
std::vector<Key> Audit::Confirm(Suspects<Key>& suspects,
                                const std::set<Key>& now, const Look& look) {
  std::erase_if(suspects,
                [&](const auto& entry) { return !now.contains(entry.first); });
  std::vector<Key> confirmed;
  for (const Key& key : now) {
    const absl::Time since = suspects.emplace(key, look.told_at).first->second;
    if (look.asked_at - since >= settle_) confirmed.push_back(key);
  }
  return confirmed;
}

Audit::Findings Audit::Compare(const Pool& pool, const Look& look,
                               const Ends& ended) {
  const absl::Time asked_at = look.asked_at;
  const std::set<base::Ipv4> theirs(look.listed.begin(), look.listed.end());
  std::set<base::Ipv4> unknown;
  for (const base::Ipv4 ip : theirs) {
    if (pool.Find(ip) == nullptr) unknown.insert(ip);
  }
  std::set<base::Ipv4> unlisted;
  for (const auto& [ip, row] : pool.addresses()) {
    const bool going = row.state == State::kReleasing || IsShifting(row.state);
    const bool matters = !going && row.state != State::kQuarantined;
    if (matters && !theirs.contains(ip)) {
      unlisted.insert(ip);
    }
  }
  Findings findings;
  findings.found = Confirm(unknown_, unknown, look);
  findings.missing = Confirm(unlisted_, unlisted, look);
  for (const base::Ipv4 ip : unlisted) {
    if (asked_at - pool.Find(ip)->since >= settle_ &&
        asked_at - unlisted_.at(ip) < settle_) {
      findings.missing.push_back(ip);
    }
  }
  const bool all_known = findings.found.size() == unknown.size();
  first_settled_ = absl::InfiniteFuture();
  for (const auto& [id, intent] : pool.intents()) {
    const auto end = ended.find(id);
    if (intent.kind != Intent::Kind::kAllocate || end == ended.end()) continue;
    const absl::Time settled_at = end->second + latest_effect_ + settle_;
    if (all_known && settled_at <= asked_at) {
      findings.settled.push_back(intent);
    } else {
      first_settled_ = std::min(first_settled_, settled_at);
    }
  }
  return findings;
}

void Audit::Forget(base::Ipv4 address) {
  unknown_.erase(address);
  unlisted_.erase(address);
}

absl::Time Audit::deadline() const {
  absl::Time first = absl::InfiniteFuture();
  for (const auto& [ip, since] : unknown_) first = std::min(first, since);
  for (const auto& [ip, since] : unlisted_) first = std::min(first, since);
  return std::min(first + settle_, first_settled_);
}

}  // namespace pool
