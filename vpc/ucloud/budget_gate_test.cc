#include "vpc/ucloud/budget_gate.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "base/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::HasSubstr;

absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

TEST(GateTest, LetsABurstThroughWithoutWaiting) {
  Gate gate({.rate_per_second = 1, .burst = 3, .pod_reserve = 0});
  for (int i = 0; i < 3; ++i) {
    const auto waited = gate.Enter(Priority::kFill, Soon());
    ASSERT_TRUE(waited.ok()) << waited.status();
    EXPECT_LT(*waited, absl::Milliseconds(500));
    gate.Leave(Outcome::kOk);
  }
  EXPECT_EQ(gate.rate(), 1);
  EXPECT_EQ(gate.circuit(), "closed");
}

TEST(GateTest, WaitsForATokenAndSaysHowLong) {
  Gate gate({.rate_per_second = 50, .burst = 1, .pod_reserve = 0});
  const absl::Time began = absl::Now();
  ASSERT_TRUE(gate.Enter(Priority::kPod, Soon()).ok());
  const auto waited = gate.Enter(Priority::kPod, absl::InfiniteFuture());
  ASSERT_TRUE(waited.ok()) << waited.status();
  EXPECT_GT(*waited, absl::Milliseconds(1));
  EXPECT_LE(*waited, absl::Now() - began);
}

TEST(GateTest, RefusesAtOnceWhatWouldComeTooLate) {
  Gate gate({.rate_per_second = 0.5, .burst = 1, .pod_reserve = 0});
  ASSERT_TRUE(gate.Enter(Priority::kPod, Soon()).ok());
  const absl::Time began = absl::Now();
  const auto late =
      gate.Enter(Priority::kPod, absl::Now() + absl::Milliseconds(1500));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status())) << late.status();
  EXPECT_TRUE(base::WasNotSent(late.status()));
  EXPECT_LT(absl::Now() - began, absl::Milliseconds(1000));
}

TEST(GateTest, RefusesWithTheReasonWhileTheCircuitIsOpen) {
  Gate gate({.breaker = {.failures_to_open = 1,
                         .first_pause = absl::Minutes(5),
                         .max_pause = absl::Minutes(5)}});
  ASSERT_TRUE(gate.Enter(Priority::kPod, Soon()).ok());
  gate.Leave(Outcome::kServerError);
  EXPECT_EQ(gate.circuit(), "open");
  const auto refused = gate.Enter(Priority::kPod, Soon());
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  EXPECT_TRUE(base::WasNotSent(refused.status()));
  EXPECT_THAT(refused.status().message(),
              HasSubstr("circuit open after 1 failures"));
}

TEST(GateTest, OpeningTheCircuitReleasesThoseWhoWait) {
  Gate gate({.rate_per_second = 0.5,
             .burst = 1,
             .pod_reserve = 0,
             .breaker = {.failures_to_open = 1,
                         .first_pause = absl::Minutes(5),
                         .max_pause = absl::Minutes(5)}});
  ASSERT_TRUE(gate.Enter(Priority::kPod, Soon()).ok());
  absl::Status second;
  std::thread waiter(
      [&] { second = gate.Enter(Priority::kPod, Soon()).status(); });
  gate.Leave(Outcome::kServerError);
  waiter.join();
  EXPECT_TRUE(absl::IsUnavailable(second)) << second;
}

TEST(GateTest, ManyThreadsKeepToTheRate) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 30;
  const BudgetOptions options{
      .rate_per_second = 500, .burst = 10, .pod_reserve = 2};
  Gate gate(options);
  const absl::Time began = absl::Now();
  std::atomic<int> sent = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&gate, &sent, i] {
      for (int call = 0; call < kCalls; ++call) {
        const auto waited = gate.Enter(static_cast<Priority>(i % 4), Soon());
        if (!waited.ok()) continue;
        ++sent;
        gate.Leave(call % 2 == 0 ? Outcome::kOk : Outcome::kRefused);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, kThreads * kCalls);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  EXPECT_LE(sent, options.burst + options.rate_per_second * seconds);
}

}  // namespace
}  // namespace vpc::ucloud
