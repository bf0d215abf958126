#include "vpc/ucloud/budget.h"

#include <limits>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kInstant = absl::Nanoseconds(1);
constexpr absl::Time kForever = absl::InfiniteFuture();

// Rounded up to the microsecond, and one more.
constexpr absl::Duration kSlack = absl::Microseconds(2);

class BudgetTest : public ::testing::Test {
 protected:
  Budget::Ticket Ask(Priority priority, absl::Time deadline = kForever) {
    return budget_.Ask(priority, deadline, now_);
  }
  // The tickets that may go now; others' refusals are kept in refused_.
  std::vector<Budget::Ticket> Go() {
    std::vector<Budget::Ticket> tickets;
    for (const Budget::Verdict& verdict : budget_.Decide(now_)) {
      if (verdict.status.ok()) {
        tickets.push_back(verdict.ticket);
      } else {
        refused_.emplace(verdict.ticket, verdict.status);
      }
    }
    return tickets;
  }
  // Takes all the tokens that pods may have.
  void Drain() {
    do {
      Ask(Priority::kPod, now_);
    } while (!Go().empty());
    refused_.clear();
  }
  void End(Outcome outcome) { budget_.Leave(outcome, now_); }
  void OpenCircuit() {
    for (int i = 0; i < options_.breaker.failures_to_open; ++i) {
      End(Outcome::kServerError);
    }
  }

  const BudgetOptions options_ = {};
  absl::Time now_ = absl::FromUnixSeconds(1000);
  Budget budget_{options_, now_};
  std::map<Budget::Ticket, absl::Status> refused_;
};

TEST_F(BudgetTest, AllowsABurstAndThenTheRate) {
  for (int i = 0; i < options_.burst; ++i) {
    const Budget::Ticket ticket = Ask(Priority::kPod);
    EXPECT_THAT(Go(), ElementsAre(ticket)) << i;
  }
  const Budget::Ticket ticket = Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
  const absl::Duration period = absl::Milliseconds(100);  // 10 a second
  EXPECT_GE(budget_.deadline(), now_ + period);
  EXPECT_LE(budget_.deadline(), now_ + period + kSlack);
  now_ += period - kInstant;
  EXPECT_THAT(Go(), IsEmpty());
  now_ = budget_.deadline();
  EXPECT_THAT(Go(), ElementsAre(ticket));
  EXPECT_EQ(budget_.deadline(), absl::InfiniteFuture());
}

TEST_F(BudgetTest, KeepsTheReserveForPods) {
  for (int i = 0; i < options_.burst - options_.pod_reserve; ++i) {
    Ask(Priority::kFill);
    EXPECT_EQ(Go().size(), 1U);
  }
  for (const Priority other :
       {Priority::kFill, Priority::kVerify, Priority::kRelease}) {
    Ask(other);
  }
  EXPECT_THAT(Go(), IsEmpty());
  for (int i = 0; i < options_.pod_reserve; ++i) {
    const Budget::Ticket pod = Ask(Priority::kPod);
    EXPECT_THAT(Go(), ElementsAre(pod));
  }
  Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
}

TEST_F(BudgetTest, ServesByPriorityThenByArrival) {
  Drain();
  const Budget::Ticket release = Ask(Priority::kRelease);
  const Budget::Ticket fill = Ask(Priority::kFill);
  const Budget::Ticket verify = Ask(Priority::kVerify);
  const Budget::Ticket pod = Ask(Priority::kPod);
  const Budget::Ticket second_pod = Ask(Priority::kPod);
  const Budget::Ticket second_fill = Ask(Priority::kFill);
  now_ += absl::Minutes(1);
  EXPECT_THAT(Go(),
              ElementsAre(pod, second_pod, fill, second_fill, verify, release));
}

TEST_F(BudgetTest, RefusesAtOnceWhatWouldComeTooLate) {
  Drain();
  Ask(Priority::kPod);  // the first 100 ms are another's
  const Budget::Ticket late =
      Ask(Priority::kPod, now_ + absl::Milliseconds(200) - kInstant);
  const Budget::Ticket in_time =
      Ask(Priority::kPod, now_ + absl::Milliseconds(201));
  EXPECT_THAT(Go(), IsEmpty());
  ASSERT_EQ(refused_.size(), 1U);
  EXPECT_TRUE(absl::IsDeadlineExceeded(refused_[late])) << refused_[late];
  EXPECT_THAT(refused_[late].message(), HasSubstr("not sent"));
  now_ += absl::Milliseconds(201);
  EXPECT_THAT(Go(), ElementsAre(late - 1, in_time));
}

TEST_F(BudgetTest, RefusesWhomAHigherPriorityMakesLate) {
  Drain();
  // Six tokens for a fill, past the pods' reserve of five: 600 ms.
  const Budget::Ticket fill =
      Ask(Priority::kFill, now_ + absl::Milliseconds(650));
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_THAT(refused_, IsEmpty());
  Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_TRUE(absl::IsDeadlineExceeded(refused_[fill]));
}

TEST_F(BudgetTest, RefusesWhenTooManyWait) {
  Drain();
  for (size_t i = 0; i < options_.max_waiting; ++i) Ask(Priority::kFill);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_THAT(refused_, IsEmpty());
  // A pod isn't kept out by those that come after it.
  const Budget::Ticket pod = Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_EQ(budget_.waiting(), options_.max_waiting);
  ASSERT_EQ(refused_.size(), 1U);
  EXPECT_EQ(refused_.count(pod), 0U);
  EXPECT_TRUE(absl::IsUnavailable(refused_.begin()->second));
}

TEST_F(BudgetTest, ThrottlingLowersTheRateAndWhatIsSavedUp) {
  End(Outcome::kThrottled);
  EXPECT_EQ(budget_.rate(), 5);
  for (int i = 0; i < options_.burst / 2; ++i) {
    Ask(Priority::kPod);
    EXPECT_EQ(Go().size(), 1U);
  }
  Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
}

TEST_F(BudgetTest, AnswersOfOneMomentLowerTheRateOnce) {
  End(Outcome::kThrottled);
  now_ += options_.lowering_pause - kInstant;
  End(Outcome::kServerError);
  EXPECT_NEAR(budget_.rate(), 5.1, 0.001);
  now_ += kInstant;
  End(Outcome::kServerError);
  EXPECT_NEAR(budget_.rate(), 2.55, 0.001);
}

TEST_F(BudgetTest, OtherAnswersLeaveTheRate) {
  End(Outcome::kOk);
  End(Outcome::kRefused);
  EXPECT_EQ(budget_.rate(), options_.rate_per_second);
}

TEST_F(BudgetTest, TheRateHasAFloor) {
  for (int i = 0; i < 100; ++i) {
    End(Outcome::kThrottled);
    now_ += options_.lowering_pause;
  }
  EXPECT_EQ(budget_.rate(), options_.min_rate_per_second);
}

TEST_F(BudgetTest, TheRateComesBackSlowlyAndNoFurther) {
  End(Outcome::kThrottled);
  now_ += absl::Seconds(10);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_NEAR(budget_.rate(), 6, 1e-9);
  now_ += absl::Seconds(40);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_NEAR(budget_.rate(), 10, 1e-9);
  now_ += absl::Hours(1);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_EQ(budget_.rate(), 10);
}

TEST_F(BudgetTest, KnowsTheTimeOfATokenWhileTheRateRises) {
  for (int i = 0; i < 4; ++i) {
    End(Outcome::kThrottled);
    now_ += options_.lowering_pause;
  }
  Drain();
  for (int i = 0; i < 200; ++i) {
    Ask(Priority::kPod);
    ASSERT_THAT(Go(), IsEmpty());
    const absl::Time turn = budget_.deadline();
    now_ = turn - kSlack;
    ASSERT_THAT(Go(), IsEmpty()) << i;
    now_ = turn;
    ASSERT_EQ(Go().size(), 1U) << i;
  }
}

TEST_F(BudgetTest, RefusesEverybodyWhileTheCircuitIsOpen) {
  Drain();
  const Budget::Ticket waiting = Ask(Priority::kFill);
  EXPECT_THAT(Go(), IsEmpty());
  OpenCircuit();
  const Budget::Ticket fresh = Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
  for (const Budget::Ticket ticket : {waiting, fresh}) {
    EXPECT_TRUE(absl::IsUnavailable(refused_[ticket])) << refused_[ticket];
    EXPECT_THAT(refused_[ticket].message(), HasSubstr("circuit open"));
  }
  EXPECT_EQ(budget_.circuit(now_), CircuitState::kOpen);
}

TEST_F(BudgetTest, SendsOneTrialWhenThePauseIsOver) {
  OpenCircuit();
  const absl::Time end = now_ + options_.breaker.first_pause;
  now_ = end - kInstant;
  const Budget::Ticket early = Ask(Priority::kPod);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_TRUE(absl::IsUnavailable(refused_[early]));
  now_ = end;
  const Budget::Ticket other = Ask(Priority::kVerify);
  const Budget::Ticket trial = Ask(Priority::kPod);
  EXPECT_THAT(Go(), ElementsAre(trial));
  EXPECT_THAT(refused_[other].message(), HasSubstr("a trial is on its way"));
  End(Outcome::kOk);
  const Budget::Ticket next = Ask(Priority::kVerify);
  EXPECT_THAT(Go(), ElementsAre(next));
}

TEST_F(BudgetTest, TheRateStaysLowWhileTheApiIsDown) {
  OpenCircuit();
  const double lowered = budget_.rate();
  EXPECT_EQ(lowered, 5);
  now_ += absl::Hours(1);
  EXPECT_THAT(Go(), IsEmpty());
  EXPECT_EQ(budget_.rate(), lowered);
}

TEST_F(BudgetTest, AClockThatGoesBackGivesNothing) {
  Drain();
  const Budget::Ticket ticket = Ask(Priority::kPod);
  now_ -= absl::Hours(1);
  EXPECT_THAT(Go(), IsEmpty());
  now_ += absl::Hours(1) + absl::Milliseconds(101);
  EXPECT_THAT(Go(), ElementsAre(ticket));
}

TEST(BudgetOptionsTest, DefaultsMakeSense) {
  EXPECT_EQ(CheckOptions({}), absl::OkStatus());
}

TEST(BudgetOptionsTest, NamesTheOptionThatMakesNone) {
  const auto name_of = [](const BudgetOptions& options) {
    const std::string message(CheckOptions(options).message());
    return message.substr(0, message.find(':'));
  };
  EXPECT_EQ(name_of({.rate_per_second = 0.1}), "rate_per_second");
  EXPECT_EQ(
      name_of({.rate_per_second = std::numeric_limits<double>::quiet_NaN()}),
      "rate_per_second");
  EXPECT_EQ(
      name_of({.rate_per_second = std::numeric_limits<double>::infinity()}),
      "rate_per_second");
  EXPECT_EQ(name_of({.burst = 5, .pod_reserve = 5}), "burst");
  EXPECT_EQ(name_of({.pod_reserve = -1}), "pod_reserve");
  EXPECT_EQ(name_of({.lowering = 1}), "lowering");
  EXPECT_EQ(name_of({.min_rate_per_second = 0}), "min_rate_per_second");
  EXPECT_EQ(name_of({.raise_per_second = 0}), "raise_per_second");
  EXPECT_EQ(name_of({.max_waiting = 0}), "max_waiting");
  EXPECT_EQ(name_of({.breaker = {.failures_to_open = 0}}),
            "breaker.failures_to_open");
  EXPECT_EQ(name_of({.breaker = {.first_pause = absl::ZeroDuration()}}),
            "breaker.first_pause");
  EXPECT_EQ(name_of({.breaker = {.max_pause = absl::ZeroDuration()}}),
            "breaker.max_pause");
  EXPECT_EQ(name_of({.breaker = {.trial_patience = absl::ZeroDuration()}}),
            "breaker.trial_patience");
}

}  // namespace
}  // namespace vpc::ucloud
