#include "vpc/ucloud/tally.h"

#include <utility>

namespace vpc::ucloud {

void Tally::Waited(absl::Duration time) {
  const std::lock_guard lock(mutex_);
  usage_.waited += time;
}

void Tally::Ended(absl::string_view action, absl::string_view outcome,
                  absl::Duration took) {
  const std::lock_guard lock(mutex_);
  std::pair<std::string, std::string> pair(action, outcome);
  if (usage_.calls.size() >= kMaxPairs && usage_.calls.count(pair) == 0) {
    pair.second = "other";
  }
  Calls& calls = usage_.calls[pair];
  ++calls.count;
  calls.took += took;
}

void Tally::Failed(absl::string_view error) {
  const std::lock_guard lock(mutex_);
  usage_.last_error = std::string(error);
}

Usage Tally::usage() const {
  const std::lock_guard lock(mutex_);
  return usage_;
}

}  // namespace vpc::ucloud
