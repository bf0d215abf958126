// Whatever happens, an address is usable on one node at most, and in the end on
// exactly one.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "pool/shift_lab.h"

namespace pool {
namespace {

using base::Ipv4;

class Chance : public Fate {
 public:
  Chance(uint64_t seed, double misfortune)
      : random_(seed), misfortune_(misfortune) {}

  int Choose(const char*, int count) override {
    if (!Happens(misfortune_)) return 0;
    ++misfortunes_;
    return Number(1, count - 1);
  }
  absl::Duration Delay(absl::Duration most) override {
    // Often at once, often as late as can be.
    const int kind = Number(0, 3);
    if (kind == 0) return absl::ZeroDuration();
    if (kind == 1) return most;
    return most * std::uniform_real_distribution<double>(0, 1)(random_);
  }
  bool Happens(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }
  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  int misfortunes() const { return misfortunes_; }

 private:
  std::mt19937_64 random_;
  const double misfortune_;
  int misfortunes_ = 0;
};

constexpr int kNodes = 3;
constexpr int kAddresses = 6;

struct Result {
  std::string violation;
  std::string trace;
  int effects = 0;
  int misfortunes = 0;
};

// Nodes want addresses, die, and lose their stores, at random; then all is
// calm, and after a while all must be in order.
Result Live(uint64_t seed, const ShiftLab::Options& options) {
  Chance chance(seed, 0.3);
  ShiftLab lab(kNodes, options, chance);
  for (uint32_t i = 0; i < kAddresses; ++i) {
    lab.Give(chance.Number(0, kNodes - 1), Ipv4(0x0a000010 + i));
  }
  for (int i = 0; i < 40; ++i) {
    const int node = chance.Number(0, kNodes - 1);
    lab.At(absl::Seconds(chance.Number(0, 900)), [&lab, &chance, node] {
      const absl::Duration away = chance.Delay(absl::Seconds(200));
      const int what = chance.Number(0, 19);
      if (what < 12) {
        lab.Want(node, chance.Number(1, 3));
      } else if (what < 15) {
        lab.Crash(node, away);
      } else if (what < 19) {
        lab.CrashAtCommit(node, chance.Number(0, 4), chance.Happens(0.5), away);
      } else {
        lab.LoseStore(node, away);
      }
    });
  }
  lab.RunFor(absl::Seconds(1200));
  lab.Calm();
  if (lab.Violation().empty()) lab.RunFor(absl::Seconds(1500));
  Result result{lab.Violation(), absl::StrJoin(lab.trace(), "\n"),
                lab.effects(), chance.misfortunes()};
  if (result.violation.empty()) result.violation = lab.Leftovers();
  return result;
}

int Seeds() {
  int seeds = 3000;
  if (const char* text = std::getenv("SHIFT_SEEDS")) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &seeds));
  }
  return seeds;
}

TEST(ShiftPropertyTest, AnAddressIsNeverUsableOnTwoNodesAndNeverLost) {
  int effects = 0;
  int misfortunes = 0;
  for (int seed = 1; seed <= Seeds(); ++seed) {
    const Result result = Live(static_cast<uint64_t>(seed), {});
    ASSERT_EQ(result.violation, "") << "seed " << seed << "\n" << result.trace;
    effects += result.effects;
    misfortunes += result.misfortunes;
  }
  RecordProperty("moves", effects);
  RecordProperty("misfortunes", misfortunes);
  EXPECT_GT(effects, Seeds());
  EXPECT_GT(misfortunes, Seeds());
}

// The test must be able to fail: each of these leaves a part of the protocol
// out.
int SeedsUntilCaught(const ShiftLab::Options& options) {
  for (int seed = 1; seed <= 1000; ++seed) {
    if (!Live(static_cast<uint64_t>(seed), options).violation.empty()) {
      return seed;
    }
  }
  return 0;
}

TEST(ShiftPropertyTest, IgnoringLateEffectsIsCaught) {
  ShiftLab::Options options;
  options.shift.latest_effect = absl::ZeroDuration();
  EXPECT_NE(SeedsUntilCaught(options), 0);
}

TEST(ShiftPropertyTest, BelievingListsThatLagIsCaught) {
  ShiftLab::Options options;
  options.shift.settle = absl::ZeroDuration();
  EXPECT_NE(SeedsUntilCaught(options), 0);
}

TEST(ShiftPropertyTest, TakingOverWhenThePromiseIsOverIsCaught) {
  ShiftLab::Options options;
  options.shift.take_over_limit = -absl::Hours(1);
  EXPECT_NE(SeedsUntilCaught(options), 0);
}

TEST(ShiftPropertyTest, ForgettingPromisesWithTheStoreIsCaught) {
  ShiftLab::Options options;
  options.loss_hold = absl::ZeroDuration();
  EXPECT_NE(SeedsUntilCaught(options), 0);
}

// --- one shift, and everything that can go wrong with it

// Follows a script of what happens, and notes what else could have.
class Script : public Fate {
 public:
  Script(std::vector<int> choices, double delay)
      : choices_(std::move(choices)), delay_(delay) {}

  int Choose(const char*, int count) override {
    const size_t step = counts_.size();
    counts_.push_back(count);
    return step < choices_.size() ? choices_[step] : 0;
  }
  absl::Duration Delay(absl::Duration most) override { return most * delay_; }
  const std::vector<int>& counts() const { return counts_; }

 private:
  const std::vector<int> choices_;
  const double delay_;
  std::vector<int> counts_;
};

// Who dies at which of his writes, and for how long he is away.
struct Death {
  int node = 0;
  int write = 0;
  bool after = false;
  absl::Duration away = {};
};

class Explorer {
 public:
  Explorer(std::optional<Death> death, double delay)
      : death_(death), delay_(delay) {}

  // Every way with up to `misfortunes` more than in `choices`.
  void Explore(const std::vector<int>& choices, int misfortunes) {
    const std::vector<int> counts = Follow(choices);
    if (misfortunes == 0 || testing::Test::HasFatalFailure()) return;
    std::vector<int> longer = choices;
    for (size_t i = choices.size(); i < counts.size(); ++i) {
      for (int choice = 1; choice < counts[i]; ++choice) {
        longer.push_back(choice);
        Explore(longer, misfortunes - 1);
        longer.pop_back();
      }
      longer.push_back(0);
    }
  }
  int runs() const { return runs_; }

 private:
  std::vector<int> Follow(const std::vector<int>& choices) {
    ++runs_;
    Script script(choices, delay_);
    ShiftLab lab(2, {}, script);
    lab.Give(0, Ipv4(0x0a000010));
    lab.Give(0, Ipv4(0x0a000011));
    if (death_) {
      lab.CrashAtCommit(death_->node, death_->write, death_->after,
                        death_->away);
    }
    lab.Want(1, 1);
    lab.RunFor(absl::Seconds(3000));
    const std::string wrong =
        lab.Violation().empty() ? lab.Leftovers() : lab.Violation();
    EXPECT_EQ(wrong, "") << absl::StrJoin(lab.trace(), "\n");
    return script.counts();
  }

  const std::optional<Death> death_;
  const double delay_;
  int runs_ = 0;
};

TEST(ShiftExhaustiveTest, AnyThreeMisfortunesLeaveTheAddressWithOneNode) {
  int runs = 0;
  for (const double delay : {0.0, 0.5, 1.0}) {
    Explorer explorer(std::nullopt, delay);
    explorer.Explore({}, 3);
    runs += explorer.runs();
  }
  RecordProperty("runs", runs);
  EXPECT_GT(runs, 1000);
}

TEST(ShiftExhaustiveTest, ADeathAtAnyWriteAndAMisfortuneLeaveItWithOneNode) {
  int runs = 0;
  for (const double delay : {0.0, 0.5, 1.0}) {
    for (const int node : {0, 1}) {
      for (int write = 0; write < 4; ++write) {
        for (const bool after : {false, true}) {
          for (const int away : {0, 40, 100, 300}) {
            Explorer explorer(Death{node, write, after, absl::Seconds(away)},
                              delay);
            explorer.Explore({}, 2);
            runs += explorer.runs();
          }
        }
      }
    }
  }
  RecordProperty("runs", runs);
  EXPECT_GT(runs, 10000);
}

}  // namespace
}  // namespace pool
