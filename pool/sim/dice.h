#ifndef CNIVPC_POOL_SIM_DICE_H_
#define CNIVPC_POOL_SIM_DICE_H_

#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace pool::sim {

// A source of chance (SplitMix64: Steele, Lea, Flood 2014) that can be split:
// what comes of a part doesn't depend on what was drawn from others. So a node
// lives the same life whichever other nodes there are, and a simulation that
// fails can be made smaller. A value; 8 bytes.
class Dice {
 public:
  using result_type = uint64_t;
  explicit Dice(uint64_t seed) : state_(seed) {}
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() {
    return std::numeric_limits<uint64_t>::max();
  }

  uint64_t operator()() {
    state_ += kStep;
    return Mix(state_);
  }

  // The same for the same label, as long as nothing was drawn from this.
  Dice Split(uint64_t label) const {
    return Dice(Mix(state_ ^ Mix(label + kStep)));
  }

  // From 0 to less than 1.
  double Unit() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  bool Chance(double probability) { return Unit() < probability; }
  // From 0 to n - 1; n must be positive.
  uint64_t Below(uint64_t n) { return (*this)() % n; }
  // Both may come.
  int From(int least, int most) {
    return least + static_cast<int>(Below(static_cast<uint64_t>(most) -
                                          static_cast<uint64_t>(least) + 1));
  }
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    return least + (most - least) * Unit();
  }
  absl::Duration Exponential(absl::Duration mean) {
    return mean * -std::log(1 - Unit());
  }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static constexpr uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_DICE_H_
