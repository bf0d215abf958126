#include "applets/ctl/nearest.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

const std::vector<absl::string_view> kWords = {"get", "pool", "version",
                                               "completion"};

TEST(NearestTest, FindsAWordWithOneMistake) {
  EXPECT_EQ(Nearest("git", kWords), "get");
  EXPECT_EQ(Nearest("gett", kWords), "get");
  EXPECT_EQ(Nearest("pol", kWords), "pool");
  EXPECT_EQ(Nearest("gte", kWords), "get");
  EXPECT_EQ(Nearest("vresion", kWords), "version");
}

TEST(NearestTest, FindsALongWordWithSeveralMistakes) {
  EXPECT_EQ(Nearest("compleshun", kWords), "completion");
}

TEST(NearestTest, FindsAWordByItsBeginning) {
  EXPECT_EQ(Nearest("comp", kWords), "completion");
}

TEST(NearestTest, KnowsWhenNothingIsNear) {
  EXPECT_EQ(Nearest("delete", kWords), std::nullopt);
  EXPECT_EQ(Nearest("", kWords), std::nullopt);
  EXPECT_EQ(Nearest(std::string(100000, 'p'), kWords), std::nullopt);
}

TEST(NearestTest, DashesDoNotMatter) {
  EXPECT_EQ(Nearest("--version", kWords), "version");
  EXPECT_EQ(Nearest("-socket", {"--output", "--socket"}), "--socket");
}

TEST(NearestTest, TheFirstOfEquallyNearWins) {
  EXPECT_EQ(Nearest("poo", {"pool", "pools"}), "pool");
  EXPECT_EQ(Nearest("pox", {"pod", "pot"}), "pod");
}

}  // namespace
}  // namespace applets::ctl
