#include "vpc/ucloud/credentials_renewal.h"

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using Step = Renewal::Step;

constexpr absl::Duration kInstant = absl::Nanoseconds(1);

class RenewalTest : public ::testing::Test {
 protected:
  Keys Fresh() {
    return {.public_key = std::string("public") + std::to_string(++count_),
            .expires = now_ + kLife};
  }
  // Asking takes no time and gives fresh keys.
  Keys Renew() {
    Keys keys = Fresh();
    renewal_.Take(keys, now_, now_, 0);
    return keys;
  }
  void Fail() { renewal_.Take(absl::UnavailableError("away"), now_, now_, 0); }
  Step Next() const { return renewal_.Next(now_); }
  bool Uses(const Keys& keys) const {
    const auto answer = renewal_.answer(now_);
    return answer.ok() && SameKeys(*answer, keys);
  }

  static constexpr absl::Duration kLife = absl::Hours(1);
  absl::Time now_ = absl::FromUnixSeconds(1000);
  int count_ = 0;
  Renewal renewal_;
};

TEST_F(RenewalTest, AsksFirst) { EXPECT_EQ(Next(), Step::kWait); }

TEST_F(RenewalTest, UsesKeysUntilTheyAreToBeRenewed) {
  const Keys keys = Renew();
  const absl::Time renew_at = now_ + kLife * kRenewAfter;
  EXPECT_EQ(Next(), Step::kUse);
  now_ = renew_at - kInstant;
  EXPECT_EQ(Next(), Step::kUse);
  now_ = renew_at;
  EXPECT_EQ(Next(), Step::kRenew);
  EXPECT_TRUE(Uses(keys));
  const Keys newer = Renew();
  EXPECT_EQ(Next(), Step::kUse);
  EXPECT_TRUE(Uses(newer));
}

TEST_F(RenewalTest, GoesOnWithTheOldWhileRenewalFails) {
  const Keys keys = Renew();
  const absl::Time expires = keys.expires;
  now_ += kLife * 0.9;
  EXPECT_EQ(Next(), Step::kRenew);
  Fail();
  EXPECT_EQ(Next(), Step::kUse);
  EXPECT_TRUE(Uses(keys));
  now_ += kRetryPause - kInstant;
  EXPECT_EQ(Next(), Step::kUse);
  now_ += kInstant;
  EXPECT_EQ(Next(), Step::kRenew);
  now_ = expires - kInstant;
  Fail();
  EXPECT_TRUE(Uses(keys));
  now_ = expires;
  EXPECT_EQ(Next(), Step::kFail);
  EXPECT_TRUE(absl::IsUnavailable(renewal_.answer(now_).status()));
}

TEST_F(RenewalTest, RemembersAFailureForAWhile) {
  Fail();
  EXPECT_EQ(Next(), Step::kFail);
  EXPECT_EQ(renewal_.answer(now_).status().message(), "away");
  now_ += kRetryPause;
  EXPECT_EQ(Next(), Step::kWait);
}

TEST_F(RenewalTest, AsksAtOnceForKeysThatHaveExpired) {
  Renew();
  now_ += kLife;
  EXPECT_EQ(Next(), Step::kWait);
}

TEST_F(RenewalTest, RenewsRefusedKeysOnce) {
  const Keys keys = Renew();
  now_ += absl::Minutes(1);
  renewal_.Refused(keys);
  EXPECT_EQ(Next(), Step::kWait);
  // The service still has the same ones to give.
  renewal_.Take(keys, now_, now_, 0);
  EXPECT_EQ(Next(), Step::kUse);
  EXPECT_TRUE(Uses(keys));
  // Refused again and again: not asked for more often than now and then.
  renewal_.Refused(keys);
  EXPECT_EQ(Next(), Step::kUse);
  now_ += kRenewPause;
  EXPECT_EQ(Next(), Step::kWait);
}

TEST_F(RenewalTest, RenewsAtOnceWhatIsRefusedSoonAfterItCame) {
  const Keys keys = Renew();
  renewal_.Refused(keys);
  EXPECT_EQ(Next(), Step::kWait);
  const Keys newer = Renew();
  renewal_.Refused(newer);
  EXPECT_EQ(Next(), Step::kUse);  // but not again and again
}

TEST_F(RenewalTest, UsesRefusedKeysWhileThereAreNoOthers) {
  const Keys keys = Renew();
  now_ += absl::Minutes(1);
  renewal_.Refused(keys);
  Fail();
  EXPECT_EQ(Next(), Step::kUse);
  EXPECT_TRUE(Uses(keys));
}

TEST_F(RenewalTest, ARefusalOfOlderKeysChangesNothing) {
  const Keys old = Renew();
  now_ += kLife * 0.9;
  Renew();
  now_ += absl::Minutes(1);
  renewal_.Refused(old);
  EXPECT_EQ(Next(), Step::kUse);
}

TEST_F(RenewalTest, RefusesKeysThatHaveExpiredAlready) {
  Keys keys = Fresh();
  keys.expires = now_;
  renewal_.Take(keys, now_ - absl::Seconds(1), now_, 0);
  EXPECT_EQ(Next(), Step::kFail);
  EXPECT_TRUE(absl::IsUnavailable(renewal_.answer(now_).status()));
}

TEST_F(RenewalTest, AClockSetBackDoesntStopRenewal) {
  const Keys keys = Renew();
  now_ -= absl::Hours(2);
  EXPECT_EQ(Next(), Step::kUse);
  renewal_.Refused(keys);
  EXPECT_EQ(Next(), Step::kWait);
}

TEST(RenewAtTest, IsSpreadOverAPartOfTheLife) {
  const absl::Time asked = absl::FromUnixSeconds(1000);
  const Keys keys{.expires = asked + absl::Seconds(1000)};
  EXPECT_EQ(RenewAt(keys, asked, 0), asked + absl::Seconds(750));
  EXPECT_EQ(RenewAt(keys, asked, 0.5), asked + absl::Seconds(800));
  EXPECT_LT(RenewAt(keys, asked, 0.999), keys.expires);
}

TEST(RenewAtTest, IsNeverAtOnceNorForPermanentKeys) {
  const absl::Time asked = absl::FromUnixSeconds(1000);
  EXPECT_EQ(RenewAt({.expires = asked + absl::Seconds(4)}, asked, 0),
            asked + kRenewPause);
  EXPECT_EQ(RenewAt({}, asked, 0.5), absl::InfiniteFuture());
}

}  // namespace
}  // namespace vpc::ucloud
