#include "pool/sim/faults.h"

#include <utility>

namespace pool::sim {
namespace {

struct Kind {
  absl::string_view name;
  double weight;  // of the rate
};

constexpr std::array<Kind, kFaultKinds> kKinds = {{
    {"throttled", 1},
    {"refused", 0.2},
    {"lost-before", 0.5},
    {"lost-after", 0.5},
    {"late", 0.5},
    {"slow", 1},
    {"partial", 1},
    {"short-list", 0.05},
    {"wrong-mac", 0.2},
    {"vanish", 0.02},
    {"move", 0.02},
    {"gift", 0.02},
    {"crash-before-commit", 0.1},
    {"crash-after-commit", 0.1},
    {"crash-between", 0.02},
    {"store-fails", 0.1},
    {"store-lost", 1},
    {"clock-jump", 0.05},
    {"call-lost", 1},
    {"call-late", 1},
    {"call-repeated", 1},
    {"answer-lost", 1},
    {"answer-late", 1},
    {"busy", 1},
    {"reboot", 2},
    {"flows-unknown", 1},
    {"request-lost", 1},
    {"reply-lost", 1},
    {"plugin-dies", 1},
    {"slow-plugin", 1},
    {"delayed", 1},
    {"repeated", 1},
}};

std::vector<Dice> SplitAmong(Dice dice, int nodes) {
  std::vector<Dice> split;
  for (int node = 0; node < nodes; ++node) {
    split.push_back(dice.Split(static_cast<uint64_t>(node)));
  }
  return split;
}

constexpr size_t IndexOf(Fault fault) { return static_cast<size_t>(fault); }

}  // namespace

absl::string_view NameOf(Fault fault) { return kKinds[IndexOf(fault)].name; }

std::optional<Fault> FaultNamed(absl::string_view name) {
  for (size_t i = 0; i < kFaultKinds; ++i) {
    if (kKinds[i].name == name) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

Faults::Faults(Dice dice, int nodes, double rate)
    : dice_(SplitAmong(dice, nodes)),
      rate_(rate),
      occasions_(static_cast<size_t>(nodes)) {}

Faults::Faults(Dice dice, int nodes, std::set<Strike> only)
    : dice_(SplitAmong(dice, nodes)),
      rate_(0),
      only_(std::move(only)),
      occasions_(static_cast<size_t>(nodes)) {}

Dice Faults::DiceOf(const Strike& strike) const {
  return dice_[static_cast<size_t>(strike.node)]
      .Split(IndexOf(strike.fault))
      .Split(strike.n);
}

std::optional<Dice> Faults::Draw(int node, Fault fault) {
  if (suspended_) return std::nullopt;
  const size_t kind = IndexOf(fault);
  const Strike strike{node, fault,
                      occasions_[static_cast<size_t>(node)][kind]++};
  Dice dice = DiceOf(strike);
  const bool strikes = only_ ? only_->contains(strike)
                             : dice.Chance(rate_ * kKinds[kind].weight);
  if (!strikes) return std::nullopt;
  strikes_.push_back(strike);
  // Its details are the same whether it was drawn or listed.
  return DiceOf(strike).Split(1);
}

std::array<uint64_t, kFaultKinds> Faults::counts() const {
  std::array<uint64_t, kFaultKinds> counts = {};
  for (const Strike& strike : strikes_) ++counts[IndexOf(strike.fault)];
  return counts;
}

}  // namespace pool::sim
