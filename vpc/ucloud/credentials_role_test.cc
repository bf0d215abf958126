#include "vpc/ucloud/credentials_role.h"

#include <atomic>
#include <future>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

constexpr absl::Duration kLife = absl::Hours(1);

// A metadata service that gives new keys each time it is asked, and a clock.
class RoleCredentialsTest : public ::testing::Test {
 protected:
  absl::StatusOr<Keys> Give() {
    const int n = ++asked_;
    if (away_) return absl::UnavailableError("away");
    return Keys{.public_key = std::to_string(n), .expires = Now() + kLife};
  }
  absl::Time Now() const { return absl::FromUnixSeconds(seconds_); }
  void Advance(absl::Duration time) { seconds_ += absl::ToInt64Seconds(time); }

  std::atomic<int64_t> seconds_ = 1000;
  std::atomic<int> asked_ = 0;
  std::atomic<bool> away_ = false;
  std::mt19937_64 random_{1};
  RoleCredentials credentials_{[this] { return Give(); },
                               [this] { return Now(); }, random_};
};

TEST_F(RoleCredentialsTest, AsksOnceForManyCalls) {
  for (int i = 0; i < 3; ++i) {
    const auto keys = credentials_.Get();
    ASSERT_TRUE(keys.ok()) << keys.status();
    EXPECT_EQ(keys->public_key, "1");
  }
  EXPECT_EQ(asked_, 1);
}

TEST_F(RoleCredentialsTest, RenewsAheadOfTheEnd) {
  ASSERT_TRUE(credentials_.Get().ok());
  Advance(kLife * (kRenewAfter + kRenewSpread));
  EXPECT_EQ(credentials_.Get()->public_key, "2");
}

TEST_F(RoleCredentialsTest, RenewsOnceAfterARefusal) {
  const Keys keys = credentials_.Get().value();
  Advance(absl::Minutes(1));
  credentials_.Expired(keys);
  EXPECT_EQ(credentials_.Get()->public_key, "2");
  credentials_.Expired(keys);
  EXPECT_EQ(credentials_.Get()->public_key, "2");
}

TEST_F(RoleCredentialsTest, FailsWhileThereIsNothingValid) {
  away_ = true;
  EXPECT_TRUE(absl::IsUnavailable(credentials_.Get().status()));
  EXPECT_TRUE(absl::IsUnavailable(credentials_.Get().status()));
  EXPECT_EQ(asked_, 1);
  away_ = false;
  Advance(2 * kRetryPause);
  EXPECT_TRUE(credentials_.Get().ok());
}

// Asking takes until the test says so.
class SlowRoleTest : public ::testing::Test {
 protected:
  absl::StatusOr<Keys> Give() {
    const int n = ++asked_;
    if (n == slow_) {
      entered_.set_value();
      released_.get_future().wait();
    }
    return Keys{.public_key = std::to_string(n), .expires = Now() + kLife};
  }
  absl::Time Now() const { return absl::FromUnixSeconds(seconds_); }

  std::atomic<int64_t> seconds_ = 1000;
  std::atomic<int> asked_ = 0;
  std::atomic<int> slow_ = 1;
  std::promise<void> entered_;
  std::promise<void> released_;
  std::mt19937_64 random_{1};
  RoleCredentials credentials_{[this] { return Give(); },
                               [this] { return Now(); }, random_};
};

TEST_F(SlowRoleTest, ThreadsWaitForTheOneThatAsks) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &good] {
      const auto keys = credentials_.Get();
      if (keys.ok() && keys->public_key == "1") ++good;
    });
  }
  entered_.get_future().wait();
  released_.set_value();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(asked_, 1);
}

TEST_F(SlowRoleTest, OthersUseTheOldKeysWhileOneRenewsThem) {
  slow_ = 2;
  ASSERT_TRUE(credentials_.Get().ok());
  seconds_ += absl::ToInt64Seconds(kLife * 0.9);
  std::thread renewing(
      [this] { EXPECT_EQ(credentials_.Get()->public_key, "2"); });
  entered_.get_future().wait();
  EXPECT_EQ(credentials_.Get()->public_key, "1");
  released_.set_value();
  renewing.join();
  EXPECT_EQ(credentials_.Get()->public_key, "2");
}

TEST_F(RoleCredentialsTest, ThreadsMayDoAllAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &good, i] {
      for (int n = 0; n < 200; ++n) {
        const auto keys = credentials_.Get();
        if (!keys.ok()) continue;
        ++good;
        if (i == 0) Advance(absl::Minutes(1));
        if (i == 1) credentials_.Expired(*keys);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 200);
  EXPECT_GT(asked_, 1);
}

}  // namespace
}  // namespace vpc::ucloud
