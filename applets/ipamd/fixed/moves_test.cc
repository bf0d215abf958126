#include "applets/ipamd/fixed/moves.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd::fixed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const base::Mac kA({0x52, 0x54, 0, 0x7e, 0, 0x11});
const base::Mac kB({0x52, 0x54, 0, 0x7e, 0, 0x12});
const base::Mac kC({0x52, 0x54, 0, 0x7e, 0, 0x13});
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(MovesTest, AreReadAsTheyWereWritten) {
  const Moves moves = {{kA, kB, kNow}, {base::Mac(), kC, kNow}};
  EXPECT_EQ(FormatMoves(moves),
            "52:54:00:7e:00:11>52:54:00:7e:00:12@2027-01-15T08:00:00Z "
            "00:00:00:00:00:00>52:54:00:7e:00:13@2027-01-15T08:00:00Z");
  EXPECT_EQ(ParseMoves(FormatMoves(moves)), moves);
}

TEST(MovesTest, WhatIsNoneIsLeftOut) {
  EXPECT_THAT(ParseMoves(""), IsEmpty());
  EXPECT_THAT(ParseMoves("x 1>2@3 52:54:00:7e:00:11@2027-01-15T08:00:00Z"),
              IsEmpty());
  EXPECT_THAT(ParseMoves("52:54:00:7e:00:11>00:00:00:00:00:00@"
                         "2027-01-15T08:00:00Z"),
              IsEmpty());
}

TEST(MovesTest, TheClaimsInterfaceIsLookedAtFirst) {
  const Moves moves = {{kA, kB, kNow}, {kA, kC, kNow}};
  EXPECT_THAT(Holders(moves, kA, kB), ElementsAre(kA, kC));
  EXPECT_THAT(Holders(moves, std::nullopt, kA), ElementsAre(kC, kB));
  EXPECT_THAT(Holders({}, kA, kA), IsEmpty());
}

TEST(MovesTest, WhereItCameFromItIsNotSafeUntilTheMoveIsOver) {
  const Moves moves = {{kA, kB, kNow}};
  EXPECT_EQ(UnsafeUntil(moves, kA, kNow), kNow + kAftermath);
  EXPECT_EQ(UnsafeUntil(moves, kB, kNow), absl::InfinitePast());
  EXPECT_EQ(UnsafeUntil(moves, kC, kNow), absl::InfinitePast());
  EXPECT_EQ(UnsafeUntil(moves, kA, kNow + kAftermath), absl::InfinitePast());
}

}  // namespace
}  // namespace applets::ipamd::fixed
