// What holds for a budget whatever calls come and however they end.

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/budget.h"

namespace vpc::ucloud {
namespace {

// An event's place in the history.
using Place = int64_t;

struct Call {
  Priority priority = Priority::kPod;
  absl::Time deadline = {};
  Place asked = 0;
  Place ended = 0;  // 0: waits still
  absl::Time ended_at = {};
  bool sent = false;
};

// Random calls at random times, answered in all ways; seldom enough that they
// have a chance, often enough that they don't all have one.
class Traffic {
 public:
  explicit Traffic(int seed) : random_(seed) {}

  std::vector<Call> Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    std::vector<Call> calls;
    for (const auto& [ticket, call] : calls_) calls.push_back(call);
    return calls;
  }
  const BudgetOptions& options() const { return options_; }
  Budget& budget() { return budget_; }
  absl::Time now() const { return now_; }

 private:
  void Step() {
    const absl::Time next =
        now_ + absl::Microseconds(absl::LogUniform(random_, 1, 300'000));
    // As the gate does: whenever the budget wants to be asked.
    while (budget_.deadline() <= next) {
      now_ = budget_.deadline();
      Decide();
    }
    now_ = next;
    if (absl::Bernoulli(random_, 0.5)) Ask();
    if (absl::Bernoulli(random_, 0.3)) {
      budget_.Leave(RandomOutcome(), now_);
    }
    Decide();
  }

  Outcome RandomOutcome() {
    if (absl::Bernoulli(random_, down_ ? 0.05 : 0.002)) down_ = !down_;
    if (down_) return Outcome::kServerError;
    return absl::Bernoulli(random_, 0.01) ? Outcome::kThrottled : Outcome::kOk;
  }

  void Ask() {
    Call call;
    call.priority = static_cast<Priority>(absl::Uniform(random_, 0, 4));
    call.deadline = now_ + absl::Milliseconds(absl::Uniform(random_, 0, 5000));
    call.asked = ++place_;
    calls_[budget_.Ask(call.priority, call.deadline, now_)] = call;
  }

  void Decide() {
    for (const Budget::Verdict& verdict : budget_.Decide(now_)) {
      Call& call = calls_.at(verdict.ticket);
      call.ended = ++place_;
      call.ended_at = now_;
      call.sent = verdict.status.ok();
    }
  }

  const BudgetOptions options_ = {};
  std::mt19937_64 random_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  Budget budget_{options_, now_};
  std::map<Budget::Ticket, Call> calls_;
  Place place_ = 0;
  bool down_ = false;  // the API
};

// By the time they were sent.
std::vector<Call> SentOf(const std::vector<Call>& calls) {
  std::map<Place, Call> sent;
  for (const Call& call : calls) {
    if (call.sent) sent.emplace(call.ended, call);
  }
  std::vector<Call> in_order;
  for (const auto& [place, call] : sent) in_order.push_back(call);
  return in_order;
}

class BudgetPropertyTest : public ::testing::TestWithParam<int> {
 protected:
  Traffic traffic_{GetParam()};
  const std::vector<Call> calls_ = traffic_.Run(3000);
  const std::vector<Call> sent_ = SentOf(calls_);
};

TEST_P(BudgetPropertyTest, TrafficIsBothSentAndRefused) {
  EXPECT_GT(sent_.size(), 100U);
  EXPECT_GT(calls_.size() - sent_.size(), 100U);
}

TEST_P(BudgetPropertyTest, NoWindowHasMoreThanBurstAndRate) {
  const BudgetOptions& options = traffic_.options();
  for (size_t first = 0; first < sent_.size(); ++first) {
    for (size_t last = first; last < sent_.size(); ++last) {
      const absl::Duration window =
          sent_[last].ended_at - sent_[first].ended_at;
      const double most = options.burst + options.rate_per_second *
                                              absl::ToDoubleSeconds(window);
      ASSERT_LE(static_cast<double>(last - first + 1), most + 1e-6);
    }
  }
}

TEST_P(BudgetPropertyTest, NobodyWaitsBehindALowerPriority) {
  for (const Call& sent : sent_) {
    for (const Call& other : calls_) {
      const bool waited = other.asked < sent.ended &&
                          (other.ended == 0 || other.ended > sent.ended);
      if (!waited) continue;
      ASSERT_GE(other.priority, sent.priority);
      if (other.priority == sent.priority) {
        ASSERT_GT(other.asked, sent.asked);
      }
    }
  }
}

TEST_P(BudgetPropertyTest, NothingIsSentOrWaitsAfterItsDeadline) {
  for (const Call& call : calls_) {
    if (call.ended == 0) {
      ASSERT_GE(call.deadline, traffic_.now());
    } else {
      ASSERT_LE(call.ended_at, call.deadline);
    }
  }
}

TEST_P(BudgetPropertyTest, TheRateComesBackAfterAnyHistory) {
  Budget& budget = traffic_.budget();
  const absl::Time now = traffic_.now();
  budget.Leave(Outcome::kOk, now);
  budget.Decide(now + absl::Seconds(100));
  EXPECT_EQ(budget.rate(), traffic_.options().rate_per_second);
  EXPECT_EQ(budget.circuit(now + absl::Seconds(100)), CircuitState::kClosed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BudgetPropertyTest, ::testing::Range(1, 21));

}  // namespace
}  // namespace vpc::ucloud
