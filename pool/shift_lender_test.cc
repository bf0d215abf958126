#include "pool/shift_lender.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr absl::Duration kNs = absl::Nanoseconds(1);
constexpr char kSubnet[] = "subnet-1";

class LenderTest : public testing::Test {
 protected:
  LenderTest() {
    options_.node = "node-a";
    options_.subnet = kSubnet;
    Restart();
  }

  // A lender that knows nothing but the pool.
  void Restart() {
    lender_ = std::make_unique<Lender>(
        pool_,
        [this](const Records& records) {
          if (store_.ok()) pool_.Apply(records);
          return store_;
        },
        options_);
    actions_ = lender_->Start(now_);
  }
  void Warm(int count) {
    for (int i = 0; i < count; ++i) {
      pool_.Apply(PutAddress{In(
          State::kWarm, {.ip = Ipv4(next_++), .subnet = kSubnet}, now_.wall)});
    }
  }
  absl::StatusOr<Lender::Loan> Lend(const std::string& key,
                                    const std::string& node = "node-b",
                                    const std::string& subnet = kSubnet) {
    auto loan = lender_->OnLend({key, node, subnet, waiting_}, now_);
    actions_ = lender_->Take();
    return loan;
  }
  absl::Status Settle(const std::string& key, const std::string& node,
                      bool taken) {
    absl::Status status = lender_->OnSettle(key, node, taken, now_);
    actions_ = lender_->Take();
    return status;
  }
  void Pass(absl::Duration time) {
    now_.wall += time;
    now_.steady += time;
    actions_ = lender_->OnTimer(now_);
  }
  void List(const absl::StatusOr<std::vector<Ipv4>>& listed) {
    actions_ = lender_->OnListed(now_.steady, listed, now_);
  }
  template <typename T>
  bool Wants() const {
    for (const ShiftAction& action : actions_) {
      if (std::holds_alternative<T>(action)) return true;
    }
    return false;
  }
  std::optional<State> StateOf(Ipv4 ip) const {
    const Address* row = pool_.Find(ip);
    if (row == nullptr) return std::nullopt;
    return row->state;
  }

  Pool pool_{Policy{.probing = true}};
  absl::Status store_;
  ShiftOptions options_;
  Moment now_{absl::FromUnixSeconds(1'800'000'000), absl::Seconds(1000)};
  int waiting_ = 0;
  uint32_t next_ = 1;
  std::unique_ptr<Lender> lender_;
  ShiftActions actions_;
};

TEST_F(LenderTest, PromisesAnAddressForAMinute) {
  Warm(1);
  const auto loan = Lend("k");
  ASSERT_TRUE(loan.ok()) << loan.status();
  EXPECT_EQ(loan->ip, Ipv4(1));
  EXPECT_EQ(loan->held_for, absl::Seconds(60));
  EXPECT_EQ(StateOf(Ipv4(1)), State::kLeaving);
}

TEST_F(LenderTest, TheSameKeyGetsTheSameAddressForWhatIsLeft) {
  Warm(2);
  ASSERT_TRUE(Lend("k").ok());
  Pass(absl::Seconds(20));
  const auto again = Lend("k");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->ip, Ipv4(1));
  EXPECT_EQ(again->held_for, absl::Seconds(40));
  EXPECT_EQ(pool_.counts().leaving, 1);
}

TEST_F(LenderTest, APromiseThatIsOverIsNotRepeated) {
  Warm(2);
  ASSERT_TRUE(Lend("k").ok());
  Pass(absl::Seconds(60) - kNs);
  EXPECT_TRUE(Lend("k").ok());
  Pass(kNs);
  EXPECT_TRUE(absl::IsAborted(Lend("k").status()));
}

TEST_F(LenderTest, AnotherNodesKeyGetsNothing) {
  Warm(2);
  ASSERT_TRUE(Lend("k", "node-b").ok());
  EXPECT_TRUE(absl::IsAborted(Lend("k", "node-c").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Settle("k", "node-c", true)));
  EXPECT_EQ(StateOf(Ipv4(1)), State::kLeaving);
}

TEST_F(LenderTest, TheLowWatermarkIsKeptAndSoIsWhatAddsWaitFor) {
  options_.keep = 2;
  waiting_ = 1;
  Restart();
  Warm(3);
  EXPECT_EQ(lender_->Spare(waiting_), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(Lend("k").status()));
  Warm(1);
  EXPECT_EQ(lender_->Spare(waiting_), 1);
  EXPECT_TRUE(Lend("k").ok());
}

TEST_F(LenderTest, AddressesDoNotMoveBetweenSubnets) {
  Warm(1);
  const auto loan = Lend("k", "node-b", "subnet-2");
  EXPECT_TRUE(absl::IsFailedPrecondition(loan.status()));
  EXPECT_EQ(pool_.counts().warm, 1);
}

TEST_F(LenderTest, OneNodeGetsSoManyPromisesOnly) {
  Warm(Lender::kMaxLoansToOne + 1);
  for (int i = 0; i < Lender::kMaxLoansToOne; ++i) {
    ASSERT_TRUE(Lend(std::to_string(i)).ok()) << i;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Lend("one more").status()));
  EXPECT_TRUE(Lend("another's", "node-c").ok());
}

TEST_F(LenderTest, AllNodesTogetherGetSoManyPromisesOnly) {
  Warm(Lender::kMaxLoans + 1);
  for (int i = 0; i < Lender::kMaxLoans; ++i) {
    ASSERT_TRUE(Lend(std::to_string(i), "node-" + std::to_string(i)).ok());
  }
  EXPECT_EQ(lender_->Spare(0), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(Lend("one more").status()));
}

TEST_F(LenderTest, WithoutAStoreNothingIsPromised) {
  Warm(1);
  store_ = absl::InternalError("disk full");
  EXPECT_EQ(Lend("k").status(), store_);
  EXPECT_EQ(StateOf(Ipv4(1)), State::kWarm);
}

TEST_F(LenderTest, WhatWasTakenIsForgotten) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  EXPECT_TRUE(Settle("k", "node-b", true).ok());
  EXPECT_EQ(StateOf(Ipv4(1)), std::nullopt);
  EXPECT_FALSE(Wants<KeptBack>());
  EXPECT_EQ(lender_->deadline(), absl::InfiniteDuration());
}

TEST_F(LenderTest, WhatWasNotTakenIsKept) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  EXPECT_TRUE(Settle("k", "node-b", false).ok());
  EXPECT_EQ(StateOf(Ipv4(1)), State::kFresh);
  EXPECT_TRUE(Wants<KeptBack>());
}

TEST_F(LenderTest, SettlingWhatIsNotKnownIsNoError) {
  EXPECT_TRUE(Settle("k", "node-b", true).ok());
}

TEST_F(LenderTest, WhoIsNotToldLooksThroughTheListWhenItTells) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(options_.Aftermath() - kNs);
  EXPECT_FALSE(Wants<LookThrough>());
  Pass(kNs);
  EXPECT_TRUE(Wants<LookThrough>());
}

TEST_F(LenderTest, AfterTwoListsWithItTheAddressIsKept) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(options_.Aftermath());
  List(std::vector<Ipv4>{Ipv4(1)});
  EXPECT_EQ(StateOf(Ipv4(1)), State::kLeaving);
  Pass(options_.settle);
  EXPECT_TRUE(Wants<LookThrough>());
  List(std::vector<Ipv4>{Ipv4(1)});
  EXPECT_EQ(StateOf(Ipv4(1)), State::kFresh);
  EXPECT_TRUE(Wants<KeptBack>());
}

TEST_F(LenderTest, AfterTwoListsWithoutItTheAddressIsGone) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(options_.Aftermath());
  List(std::vector<Ipv4>{});
  Pass(options_.settle);
  List(std::vector<Ipv4>{});
  EXPECT_EQ(StateOf(Ipv4(1)), std::nullopt);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(LenderTest, AListThatFailsIsAskedForAgain) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(options_.Aftermath());
  List(absl::UnavailableError("VPC down"));
  EXPECT_EQ(lender_->deadline(), now_.steady + Doubts::kPause);
  Pass(Doubts::kPause);
  EXPECT_TRUE(Wants<LookThrough>());
}

TEST_F(LenderTest, AVerdictThatCannotBeStoredComesAgain) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(options_.Aftermath());
  List(std::vector<Ipv4>{});
  Pass(options_.settle);
  store_ = absl::InternalError("disk full");
  List(std::vector<Ipv4>{});
  EXPECT_EQ(StateOf(Ipv4(1)), State::kLeaving);
  store_ = absl::OkStatus();
  for (int i = 0; i < 3 && StateOf(Ipv4(1)); ++i) {
    Pass(options_.settle);
    List(std::vector<Ipv4>{});
  }
  EXPECT_EQ(StateOf(Ipv4(1)), std::nullopt);
}

TEST_F(LenderTest, AfterARestartAPromiseBeginsAnew) {
  Warm(1);
  ASSERT_TRUE(Lend("k").ok());
  Pass(absl::Seconds(50));
  Restart();
  EXPECT_EQ(lender_->deadline(), now_.steady + options_.Aftermath());
  const auto again = Lend("k");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->ip, Ipv4(1));
}

}  // namespace
}  // namespace pool
