#include "pool/shift_doubts.h"

#include <algorithm>
#include <set>

namespace pool {

void Doubts::Add(const std::string& key, base::Ipv4 ip, absl::Duration from) {
  doubts_.insert_or_assign(key, Doubt{ip, from, std::nullopt});
}

void Doubts::Remove(const std::string& key) { doubts_.erase(key); }

std::vector<Doubts::Verdict> Doubts::Compare(
    const std::vector<base::Ipv4>& listed, absl::Duration asked_at) {
  const std::set<base::Ipv4> all(listed.begin(), listed.end());
  std::vector<Verdict> certain;
  for (auto it = doubts_.begin(); it != doubts_.end();) {
    Doubt& doubt = it->second;
    const bool ours = all.contains(doubt.ip);
    if (asked_at < doubt.from) {
      ++it;
    } else if (doubt.ours == ours) {
      certain.push_back({it->first, doubt.ip, ours});
      it = doubts_.erase(it);
    } else {
      doubt.ours = ours;
      doubt.from = asked_at + settle_;
      ++it;
    }
  }
  return certain;
}

absl::Duration Doubts::deadline() const {
  absl::Duration first = absl::InfiniteDuration();
  for (const auto& [key, doubt] : doubts_) first = std::min(first, doubt.from);
  return first;
}

}  // namespace pool
