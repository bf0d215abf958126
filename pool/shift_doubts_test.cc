#include "pool/shift_doubts.h"

#include <vector>

#include "gtest/gtest.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr absl::Duration kNs = absl::Nanoseconds(1);
constexpr absl::Duration kSettle = absl::Seconds(10);
constexpr absl::Duration kFrom = absl::Seconds(100);
const Ipv4 kIp(0x0a000001);

class DoubtsTest : public testing::Test {
 protected:
  DoubtsTest() { doubts_.Add("k", kIp, kFrom); }
  // What is certain by a list with the address in it, or without it.
  std::vector<Doubts::Verdict> With(absl::Duration asked_at) {
    return doubts_.Compare({Ipv4(1), kIp}, asked_at);
  }
  std::vector<Doubts::Verdict> Without(absl::Duration asked_at) {
    return doubts_.Compare({Ipv4(1)}, asked_at);
  }
  Doubts doubts_{kSettle};
};

TEST_F(DoubtsTest, TwoListsThatAgreeAreBelieved) {
  EXPECT_TRUE(With(kFrom).empty());
  const auto certain = With(kFrom + kSettle);
  ASSERT_EQ(certain.size(), 1u);
  EXPECT_EQ(certain[0].key, "k");
  EXPECT_EQ(certain[0].ip, kIp);
  EXPECT_TRUE(certain[0].ours);
  EXPECT_FALSE(doubts_.Contains("k"));
  EXPECT_EQ(doubts_.deadline(), absl::InfiniteDuration());
}

TEST_F(DoubtsTest, AListThatWasAskedForTooEarlySaysNothing) {
  EXPECT_TRUE(Without(kFrom - kNs).empty());
  EXPECT_TRUE(Without(kFrom).empty());
  EXPECT_TRUE(Without(kFrom + kSettle - kNs).empty());
  ASSERT_EQ(Without(kFrom + kSettle).size(), 1u);
}

TEST_F(DoubtsTest, ListsThatDisagreeBeginAnew) {
  EXPECT_TRUE(With(kFrom).empty());
  EXPECT_TRUE(Without(kFrom + kSettle).empty());
  EXPECT_EQ(doubts_.deadline(), kFrom + 2 * kSettle);
  const auto certain = Without(kFrom + 2 * kSettle);
  ASSERT_EQ(certain.size(), 1u);
  EXPECT_FALSE(certain[0].ours);
}

TEST_F(DoubtsTest, TheDeadlineIsWhenTheNextListTellsSomething) {
  doubts_.Add("l", Ipv4(2), kFrom - absl::Seconds(1));
  EXPECT_EQ(doubts_.deadline(), kFrom - absl::Seconds(1));
  doubts_.Remove("l");
  EXPECT_EQ(doubts_.deadline(), kFrom);
}

}  // namespace
}  // namespace pool
