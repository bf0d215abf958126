#include "pool/reason.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace pool {
namespace {

TEST(ReasonTest, EveryReasonHasANameOfItsOwnAndAMeaning) {
  std::set<std::string> names;
  for (const Reason reason : AllReasons()) {
    EXPECT_TRUE(names.emplace(NameOf(reason)).second) << NameOf(reason);
    EXPECT_EQ(ReasonNamed(NameOf(reason)), reason);
    EXPECT_EQ(MeaningOf(reason).back(), '.') << NameOf(reason);
  }
}

TEST(ReasonTest, AnotherNameIsNoReason) {
  EXPECT_EQ(ReasonNamed("bad-luck"), std::nullopt);
}

}  // namespace
}  // namespace pool
