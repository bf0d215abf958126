#ifndef CNIVPC_POOL_SHIFT_DOUBTS_H_
#define CNIVPC_POOL_SHIFT_DOUBTS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"

namespace pool {

// Addresses of shifts whose end nobody has told: whose are they? The VPC's list
// is believed when two that were asked for `settle` apart say the same, and
// both late enough. Pure. Times are of the steady clock.
class Doubts {
 public:
  // Between two lists of which the first wasn't enough, or failed.
  static constexpr absl::Duration kPause = absl::Seconds(5);

  explicit Doubts(absl::Duration settle) : settle_(settle) {}

  // Lists that were asked for before `from` say nothing about it.
  void Add(const std::string& key, base::Ipv4 ip, absl::Duration from);
  void Remove(const std::string& key);
  bool Contains(const std::string& key) const { return doubts_.contains(key); }

  struct Verdict {
    std::string key;
    base::Ipv4 ip;
    bool ours = false;
  };
  // What is certain by the list that was asked for at `asked_at`; that is
  // doubted no more.
  std::vector<Verdict> Compare(const std::vector<base::Ipv4>& listed,
                               absl::Duration asked_at);

  // When the next list would tell something; InfiniteDuration if nothing is in
  // doubt.
  absl::Duration deadline() const;

 private:
  struct Doubt {
    base::Ipv4 ip;
    absl::Duration from;
    std::optional<bool> ours;  // as the first list said
  };

  const absl::Duration settle_;
  std::map<std::string, Doubt> doubts_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_SHIFT_DOUBTS_H_
