#include "applets/upgrade/page/access.h"

#include <gtest/gtest.h>

namespace applets::upgrade::page {
namespace {

constexpr absl::Time kNow = absl::UnixEpoch();

Access::Random Bytes(unsigned char first) {
  Access::Random random = {};
  random[0] = first;
  random.back() = first;
  return random;
}

TEST(AccessTest, TheTokenIsKnownAndNothingElse) {
  const Access access("0123456789abcdef");
  EXPECT_TRUE(access.IsToken("0123456789abcdef"));
  EXPECT_FALSE(access.IsToken("0123456789abcdeg"));
  EXPECT_FALSE(access.IsToken("0123456789abcdef0"));
  EXPECT_FALSE(access.IsToken(""));
}

TEST(AccessTest, ASessionLastsUntilItsTimeIsOver) {
  Access access("0123456789abcdef");
  const std::string cookie = access.Open(Bytes(1), kNow);
  ASSERT_NE(access.Find(cookie, kNow), nullptr);
  EXPECT_NE(access.Find(cookie, kNow)->csrf, "");
  EXPECT_NE(access.Find(cookie, kNow)->csrf, cookie);
  EXPECT_EQ(access.Find(cookie, kNow + Access::kSessionTime), nullptr);
  EXPECT_EQ(access.Find("", kNow), nullptr);
  EXPECT_EQ(access.Find(cookie + "0", kNow), nullptr);
}

TEST(AccessTest, AClosedSessionIsOver) {
  Access access("0123456789abcdef");
  const std::string one = access.Open(Bytes(1), kNow);
  const std::string two = access.Open(Bytes(2), kNow);
  access.Close(one);
  EXPECT_EQ(access.Find(one, kNow), nullptr);
  EXPECT_NE(access.Find(two, kNow), nullptr);
}

TEST(AccessTest, OfTooManySessionsTheOldestEnds) {
  Access access("0123456789abcdef");
  const std::string first = access.Open(Bytes(0), kNow);
  std::string last;
  for (size_t i = 1; i <= Access::kMaxSessions; ++i) {
    last = access.Open(Bytes(static_cast<unsigned char>(i)),
                       kNow + absl::Seconds(i));
  }
  EXPECT_EQ(access.Find(first, kNow), nullptr);
  EXPECT_NE(access.Find(last, kNow), nullptr);
}

TEST(AccessTest, ATokenIsTheFirstLineAndLongEnough) {
  EXPECT_EQ(*Access::TokenOf(" 0123456789abcdef \nmore"), "0123456789abcdef");
  EXPECT_FALSE(Access::TokenOf("secret\n").ok());
  EXPECT_FALSE(Access::TokenOf("").ok());
  EXPECT_EQ(Access::TokenOf(Bytes(1)).size(), 64);
}

TEST(AccessTest, SecretsAreCompared) {
  EXPECT_TRUE(AreSame("ab", "ab"));
  EXPECT_FALSE(AreSame("ab", "ac"));
  EXPECT_FALSE(AreSame("ab", "abc"));
  EXPECT_TRUE(AreSame("", ""));
}

}  // namespace
}  // namespace applets::upgrade::page
