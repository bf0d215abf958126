#include "applets/vpcsim/lagging_directory.h"

namespace applets::vpcsim {

LaggingDirectory::LaggingDirectory(const Directory& now, absl::Duration lag,
                                   Clock clock)
    : now_(now), lag_(lag), clock_(std::move(clock)) {}

void LaggingDirectory::Note(absl::string_view vpc, base::Ipv4 address,
                            std::optional<Nic> before) {
  const absl::Time now = clock_();
  Forget(now);
  Key key(address, vpc);
  changes_[key].push_back({now + lag_, std::move(before)});
  order_.push_back(std::move(key));
}

// One lag serves all, so what was noted first is seen first.
void LaggingDirectory::Forget(absl::Time now) {
  while (!order_.empty()) {
    const auto oldest = changes_.find(order_.front());
    if (oldest->second.front().seen_at > now) return;
    oldest->second.pop_front();
    if (oldest->second.empty()) changes_.erase(oldest);
    order_.pop_front();
  }
}

// Whoever had the address before the oldest change that isn't seen yet.
std::optional<Nic> LaggingDirectory::OwnerOf(absl::string_view vpc,
                                             base::Ipv4 address) const {
  const absl::Time now = clock_();
  for (auto at = changes_.lower_bound(Key(address, vpc));
       at != changes_.end() && at->first.first == address; ++at) {
    if (!vpc.empty() && at->first.second != vpc) break;
    for (const Change& change : at->second) {
      if (change.seen_at > now) return change.before;
    }
  }
  return now_.OwnerOf(vpc, address);
}

std::optional<Nic> LaggingDirectory::AtPort(absl::string_view port) const {
  return now_.AtPort(port);
}

std::optional<Net> LaggingDirectory::NetOf(absl::string_view vpc,
                                           base::Ipv4 address) const {
  return now_.NetOf(vpc, address);
}

std::vector<std::string> LaggingDirectory::Ports() const {
  return now_.Ports();
}

std::vector<Net> LaggingDirectory::Nets() const { return now_.Nets(); }

}  // namespace applets::vpcsim
