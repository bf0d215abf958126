#include "vpc/ucloud/breaker.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kInstant = absl::Nanoseconds(1);

class BreakerTest : public ::testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) {
      breaker_.Ended(Outcome::kServerError, now_);
    }
  }
  // Lets the present pause pass, and a trial fail.
  void FailTrial() {
    now_ = breaker_.retry_at();
    breaker_.Sent(now_);
    Fail(1);
  }

  const BreakerOptions options_{.failures_to_open = 3,
                                .first_pause = absl::Seconds(2),
                                .max_pause = absl::Seconds(7),
                                .trial_patience = absl::Seconds(90)};
  Breaker breaker_{options_};
  absl::Time now_ = absl::FromUnixSeconds(1000);
};

TEST_F(BreakerTest, OpensAfterSoManyFailuresInARow) {
  Fail(2);
  EXPECT_EQ(breaker_.state(now_), CircuitState::kClosed);
  EXPECT_TRUE(breaker_.Admits(now_));
  Fail(1);
  EXPECT_EQ(breaker_.state(now_), CircuitState::kOpen);
  EXPECT_FALSE(breaker_.Admits(now_));
}

TEST_F(BreakerTest, AnyAnswerBreaksTheRow) {
  for (const Outcome answer :
       {Outcome::kOk, Outcome::kRefused, Outcome::kThrottled}) {
    Fail(2);
    breaker_.Ended(answer, now_);
    Fail(2);
    EXPECT_EQ(breaker_.state(now_), CircuitState::kClosed);
    breaker_.Ended(answer, now_);
  }
}

TEST_F(BreakerTest, IsHalfOpenExactlyWhenThePauseIsOver) {
  Fail(3);
  const absl::Time end = now_ + options_.first_pause;
  EXPECT_EQ(breaker_.state(end - kInstant), CircuitState::kOpen);
  EXPECT_FALSE(breaker_.Admits(end - kInstant));
  EXPECT_EQ(breaker_.state(end), CircuitState::kHalfOpen);
  EXPECT_TRUE(breaker_.Admits(end));
}

TEST_F(BreakerTest, LetsOneTrialThrough) {
  Fail(3);
  now_ += options_.first_pause;
  breaker_.Sent(now_);
  EXPECT_FALSE(breaker_.Admits(now_));
  EXPECT_EQ(breaker_.state(now_), CircuitState::kHalfOpen);
  EXPECT_THAT(breaker_.Reason(now_), HasSubstr("a trial is on its way"));
}

TEST_F(BreakerTest, ClosesWhenTheTrialIsAnswered) {
  Fail(3);
  now_ += options_.first_pause;
  breaker_.Sent(now_);
  breaker_.Ended(Outcome::kRefused, now_);
  EXPECT_EQ(breaker_.state(now_), CircuitState::kClosed);
  EXPECT_TRUE(breaker_.Admits(now_));
  // From the beginning: the row and the pause.
  Fail(2);
  EXPECT_EQ(breaker_.state(now_), CircuitState::kClosed);
  Fail(1);
  EXPECT_EQ(breaker_.retry_at(), now_ + options_.first_pause);
}

TEST_F(BreakerTest, DoublesThePauseAfterEachFailedTrialUpToTheLimit) {
  Fail(3);
  FailTrial();
  EXPECT_EQ(breaker_.retry_at(), now_ + absl::Seconds(4));
  FailTrial();
  EXPECT_EQ(breaker_.retry_at(), now_ + absl::Seconds(7));
  FailTrial();
  EXPECT_EQ(breaker_.retry_at(), now_ + absl::Seconds(7));
}

TEST_F(BreakerTest, LateFailuresDontLengthenThePause) {
  Fail(3);
  const absl::Time end = breaker_.retry_at();
  now_ += absl::Seconds(1);
  Fail(5);
  EXPECT_EQ(breaker_.retry_at(), end);
  // Nor is one of them taken for the trial's, which nobody has sent.
  now_ = end;
  Fail(1);
  EXPECT_TRUE(breaker_.Admits(now_));
}

TEST_F(BreakerTest, ALateAnswerClosesTheCircuit) {
  Fail(3);
  breaker_.Ended(Outcome::kOk, now_);
  EXPECT_EQ(breaker_.state(now_), CircuitState::kClosed);
}

TEST_F(BreakerTest, GivesUpATrialThatNeverEnds) {
  Fail(3);
  now_ = breaker_.retry_at();
  breaker_.Sent(now_);
  const absl::Time end = now_ + options_.trial_patience;
  EXPECT_FALSE(breaker_.Admits(end - kInstant));
  EXPECT_TRUE(breaker_.Admits(end));
}

TEST_F(BreakerTest, SaysWhyCallsAreKeptBack) {
  Fail(4);
  EXPECT_EQ(breaker_.Reason(now_ + absl::Milliseconds(500)),
            "circuit open after 4 failures in a row, next try in 1.5s");
}

TEST(CircuitStateTest, HasTheNamesThatUsageShows) {
  EXPECT_EQ(NameOf(CircuitState::kClosed), "closed");
  EXPECT_EQ(NameOf(CircuitState::kOpen), "open");
  EXPECT_EQ(NameOf(CircuitState::kHalfOpen), "half-open");
}

}  // namespace
}  // namespace vpc::ucloud
