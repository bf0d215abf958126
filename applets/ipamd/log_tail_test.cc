#include "applets/ipamd/log_tail.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> LinesOf(const LogTail& tail) {
  return absl::StrSplit(tail.Text(), '\n', absl::SkipEmpty());
}

TEST(LogTailTest, HasWhatWasLoggedWhileItLived) {
  LOG(INFO) << "before";
  const LogTail tail;
  LOG(WARNING) << "allocated count=3";
  EXPECT_THAT(tail.Text(), HasSubstr("allocated count=3"));
  EXPECT_THAT(tail.Text(), HasSubstr("log_tail_test.cc"));
  EXPECT_THAT(tail.Text(), Not(HasSubstr("before")));
  EXPECT_EQ(tail.Text()[0], 'W');
}

TEST(LogTailTest, KeepsTheLastLines) {
  const LogTail tail;
  for (size_t i = 0; i < LogTail::kMaxLines + 5; ++i) LOG(INFO) << "no=" << i;
  const auto lines = LinesOf(tail);
  ASSERT_THAT(lines, SizeIs(LogTail::kMaxLines));
  EXPECT_THAT(lines.front(), EndsWith("no=5"));
  EXPECT_THAT(lines.back(),
              EndsWith(absl::StrCat("no=", LogTail::kMaxLines + 4)));
}

TEST(LogTailTest, ALongLineIsCut) {
  const LogTail tail;
  LOG(INFO) << std::string(3 * LogTail::kMaxLineBytes, 'x');
  EXPECT_LT(tail.Text().size(), LogTail::kMaxLineBytes + 200);
}

TEST(LogTailTest, NothingIsHeardAfterItsEnd) {
  std::make_unique<LogTail>().reset();
  LOG(INFO) << "to nobody";
}

}  // namespace
}  // namespace applets::ipamd
