#include "pool/reason.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
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

TEST(ReasonTest, TheManualHasThemAllInTheirOrder) {
  const auto manual = base::ReadFile("docs/reasons.md", 1 << 20);
  ASSERT_TRUE(manual.ok()) << manual.status();
  size_t at = 0;
  for (const Reason reason : AllReasons()) {
    const std::string row =
        absl::StrCat("\n| `", NameOf(reason), "` | ", MeaningOf(reason), " |");
    at = manual->find(row, at);
    ASSERT_NE(at, std::string::npos) << "not, or not in its place:" << row;
  }
}

TEST(ReasonTest, AnotherNameIsNoReason) {
  EXPECT_EQ(ReasonNamed("bad-luck"), std::nullopt);
}

}  // namespace
}  // namespace pool
